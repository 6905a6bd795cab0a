// What somatone says by OSC, in SuperCollider: gates, levels, validity, heart rate, controls and notes, as callbacks, as
// values, and as control buses. It heals by itself: datagrams may be lost, either side may be restarted.
//
// Surprises: a gate is repeated at the same address and told apart by the number of its edge; a note is repeated under
// /somatone/again and told apart by its id. A snapshot ends what is not in it only if all of it has arrived. When no
// heartbeat comes for `patience` seconds, every gate is closed: nothing stays open because somebody pulled a cable.
Somatone {
	classvar <>patience = 2.0;
	var <port, <alive = false, <seconds = 0, <missed = 0;
	var gates, edges, levels, words, controls, callbacks, buses, known, heardIds, inSnapshot, expected, beat, beatTime, receiver, watch;

	*new { |port = 57140| ^super.new.init(port) }

	init { |aPort|
		port = aPort;
		gates = IdentityDictionary.new; edges = IdentityDictionary.new; levels = IdentityDictionary.new;
		words = IdentityDictionary.new; controls = IdentityDictionary.new; callbacks = IdentityDictionary.new;
		buses = IdentityDictionary.new; known = IdentityDictionary.new; heardIds = List.new; beat = 0;
		if (thisProcess.openUDPPort(port).not) {
			Error("Somatone: UDP port % is in use; give another, and the same to somatone --osc.".format(port)).throw
		};
		receiver = { |message, time, from, receivedOn| if (receivedOn == port) { this.prReceive(message) } };
		thisProcess.addOSCRecvFunc(receiver);
		watch = SkipJack({ if (alive and: { Main.elapsedTime - beatTime > patience }) { this.prLost } }, 0.25, name: "Somatone");
		ServerBoot.add(this);
	}

	free {
		thisProcess.removeOSCRecvFunc(receiver);
		watch.stop;
		ServerBoot.remove(this);
		buses.do { |bus| bus.free };
		buses.clear;
	}

	// What holds now. Names are "wearer.signal.rule", as "body.pulse.rate".
	isOpen { |name| ^(gates[name.asSymbol] ? 0) > 0 }
	value { |name| ^levels[name.asSymbol] ? gates[name.asSymbol] }
	validity { |name| ^words[name.asSymbol] ? \absent }
	bpm { |wearer = "body"| ^levels["%.pulse.bpm".format(wearer).asSymbol] }
	control { |name| ^controls[name.asSymbol] }
	names { ^(gates.keys ++ levels.keys).asArray.sort }
	wearers { ^this.names.collect { |name| name.asString.split($.)[0].asSymbol }.asSet.asArray.sort }

	// Callbacks. A name may be nil: then of every name, which is the last argument.
	onGate { |name, function| this.prAdd(\gate, name, function) }          // { |open, strength, atSeconds, name| }
	onLevel { |name, function| this.prAdd(\level, name, function) }        // { |value, name| }
	onValidity { |name, function| this.prAdd(\validity, name, function) }  // { |word, name| }   "body.eda"
	onControl { |name, function| this.prAdd(\control, name, function) }    // { |value, name| }  "grains.density"
	onNote { |voice, function| this.prAdd(\note, voice, function) }        // { |values, voice| }, values as an Event
	onStatus { |name, function| this.prAdd(\status, name, function) }      // { |value, sentence, name| }
	onAlive { |function| this.prAdd(\alive, nil, function) }               // { |isAlive| }

	// A control bus that follows a gate (0, 1), a level or a control. After a reboot of the server ask for it again.
	bus { |name, server|
		var key = name.asSymbol;
		^buses[key] ?? {
			var bus = Bus.control(server ? Server.default, 1);
			buses[key] = bus;
			bus.set((this.value(key) ? controls[key] ? 0).asFloat);
			bus
		}
	}

	doOnServerBoot { |server|
		buses.keys.copy.do { |name| if (buses[name].server == server) { buses.removeAt(name); this.bus(name, server) } }
	}

	prAdd { |kind, name, function|
		var key = if (name.notNil) { name.asSymbol } { '*' };
		callbacks[kind] ?? { callbacks[kind] = IdentityDictionary.new };
		callbacks[kind][key] = callbacks[kind][key].addFunc(function);
	}

	prCall { |kind, name ... arguments|
		var of = callbacks[kind];
		of !? { [name, '*'].do { |key| of[key] !? { |function|
			try { function.valueArray(arguments ++ [name]) } { |error|
				"Somatone: the function for % failed: %".format(name, error.errorString).warn } } } }
	}

	prParts { |address|
		^known[address] ?? {
			var text = address.asString, parts = text.split($/).drop(1);
			var found = if (parts[0] == "somatone") { parts.drop(1) } { [] };
			if (known.size < 8192) { known[address] = found };
			found
		}
	}

	prReceive { |message|
		var parts = this.prParts(message[0]), arguments = message.drop(1);
		if (parts.isEmpty) { ^this };
		switch (parts[0],
			"heartbeat", { this.prBeat(arguments) },
			"snapshot", { if (parts[1] == "begin") { this.prBegin(arguments) } { this.prEnd } },
			"bye", { this.prLost },
			"note", { this.prNote(parts[1].asSymbol, arguments) },
			"again", { this.prNote(parts[2].asSymbol, arguments) },
			"control", { this.prSeen(message[0]); this.prControl(parts.drop(1).join(".").asSymbol, arguments[0]) },
			"status", { this.prSeen(message[0]); this.prCall(\status, parts.drop(1).join(".").asSymbol, arguments[0], arguments[1]) },
			{ this.prSeen(message[0]); this.prRule(parts, arguments) }
		)
	}

	prSeen { |address| inSnapshot !? { inSnapshot.add(address) } }

	prRule { |parts, arguments|
		var name = parts.join(".").asSymbol;
		case
		{ parts.last == "validity" } { this.prWord(parts.drop(-1).join(".").asSymbol, arguments[0]) }
		{ arguments.size >= 4 } { this.prGate(name, *arguments.keep(4)) }
		{ arguments.size == 1 and: { arguments[0].isNumber } } { this.prLevel(name, arguments[0]) }
	}

	prGate { |name, open, strength, atSeconds, edge|
		var was = gates[name] ? 0, last = edges[name] ? 0, news;
		// An opening whose closing was lost, or the other way round, or both: told by the number of the edge.
		news = (open != was) or: { open == 1 and: { edge != last } };
		if (edge - last > 1) { missed = missed + (edge - last - 1) };
		gates[name] = open; edges[name] = edge;
		if (news) { this.prBus(name, open); this.prCall(\gate, name, open, strength, atSeconds) }
	}

	prLevel { |name, value|
		if (levels[name] != value) { levels[name] = value; this.prBus(name, value); this.prCall(\level, name, value) }
	}

	prWord { |name, word|
		if (words[name] != word) { words[name] = word; this.prCall(\validity, name, word) }
	}

	prControl { |name, value|
		if (controls[name] != value) { controls[name] = value; this.prBus(name, value); this.prCall(\control, name, value) }
	}

	prNote { |voice, arguments|
		var id = arguments[0], values = ();
		if (heardIds.includes(id)) { ^this };
		heardIds.add(id);
		if (heardIds.size > 256) { heardIds.removeAt(0) };
		arguments.drop(1).pairsDo { |name, value| values[name] = value };
		this.prCall(\note, voice, values)
	}

	prBus { |name, value| buses[name] !? { |bus| bus.set(value.asFloat) } }

	prBeat { |arguments|
		// Counts from 1 again: somatone was started again, and numbers its edges and notes anew.
		if (arguments[0] < beat) { edges.keysDo { |name| edges[name] = 0 }; heardIds.clear };
		beat = arguments[0]; seconds = arguments[1]; beatTime = Main.elapsedTime;
		if (alive.not) { alive = true; this.prCall(\alive, nil, true) }
	}

	prBegin { |arguments| inSnapshot = IdentitySet.new; expected = arguments[1] }

	prEnd {
		var seen = inSnapshot;
		inSnapshot = nil;
		if (seen.notNil and: { seen.size >= expected }) {
			var names = seen.collect { |address| this.prParts(address).join(".").asSymbol };
			gates.keys.copy.do { |name| if (names.includes(name).not) { this.prClose(name); gates.removeAt(name) } };
			levels.keys.copy.do { |name| if (names.includes(name).not) { levels.removeAt(name) } };
		}
	}

	prClose { |name|
		if ((gates[name] ? 0) > 0) { gates[name] = 0; this.prBus(name, 0); this.prCall(\gate, name, 0, 0, seconds) }
	}

	prLost {
		gates.keys.copy.do { |name| this.prClose(name) };
		words.keys.copy.do { |name| this.prWord(name, \stale) };
		beat = 0; heardIds.clear;
		edges.keysDo { |name| edges[name] = 0 };
		if (alive) { alive = false; this.prCall(\alive, nil, false) }
	}
}

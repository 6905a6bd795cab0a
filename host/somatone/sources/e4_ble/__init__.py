"""The Empatica E4 heard directly over Bluetooth, without the vendor's server, key or cloud."""

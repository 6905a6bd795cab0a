"""From a board as it comes to one that measures: find it, copy the application, restart it, test it.

find.py         boards: USB ports, given ports, bootloader volumes; what state each is in
application.py  the firmware compiled for a board, with the manifest that its main.py checks
board_repl.py   the board's REPL, through mpremote's own transport
install.py      copying that may be cut at any point; the contract is in firmware/main.py
conversation.py the wire format over a port, without an event loop
check.py        the self-test as rows of a table
uf2.py          the base firmware, for boards in their bootloader
"""

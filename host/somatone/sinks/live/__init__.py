"""Ableton Live, through the addresses of the AbletonOSC remote script."""

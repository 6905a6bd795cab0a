"""Pins of the Raspberry Pi Pico and addresses on its I2C bus, said once: the drawings read this file too."""

from micropython import const

I2C_ID = const(0)
SDA = const(4)
SCL = const(5)
I2C_HZ = const(400_000)
LED = "LED"  # the name finds it on Pico and Pico W, where it hangs on another chip

MAX30102 = const(0x57)  # fixed
TMP117 = const(0x48)  # ADD0 to ground
ADS1115 = const(0x49)  # ADDR to VDD, because 0x48 is taken
LIS3DH = const(0x19)  # SDO tied to 3V3

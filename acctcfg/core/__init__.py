"""The pure middle: values in, values out. No I/O, no clock, no async, no venue's words; imports only errors."""

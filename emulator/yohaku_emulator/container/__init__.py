"""The container: one on-card program that hosts the files, PINs and keys a descriptor describes (specs/container.md).

Written under a Java Card's constraints: its state is byte arrays of the runtime, nothing else survives a command; no
recursion, no allocation after install, numbers of at most 16 bits.
"""

from yohaku_emulator.container.applet import LOAD_FILE, MODULE, VERSION, Container

__all__ = ["LOAD_FILE", "MODULE", "VERSION", "Container"]

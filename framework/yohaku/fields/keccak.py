"""Keccak-256, the hash of Ethereum: SHA-3's permutation with the padding of the competition, which hashlib lacks.

Written from the Keccak reference, version 3.0, and FIPS 202 (3.2, step mappings of Keccak-f[1600]).
"""

from __future__ import annotations

_RATE = 136
_MASK = (1 << 64) - 1


def _rotations() -> tuple[int, ...]:
    """Rotation of each lane, index x + 5y (FIPS 202 3.2.2)."""
    offsets = [0] * 25
    x, y = 1, 0
    for step in range(24):
        offsets[x + 5 * y] = (step + 1) * (step + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return tuple(offsets)


def _round_constants() -> tuple[int, ...]:
    """Constant of each round, from a shift register of eight bits (FIPS 202 3.2.5)."""
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            if register & 1:
                constant |= 1 << (1 << power) - 1
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return tuple(constants)


_ROTATIONS = _rotations()
_ROUNDS = _round_constants()


def keccak256(data: bytes) -> bytes:
    """Hash ``data`` to 32 bytes."""
    padded = bytearray(data)
    padded.extend(bytes(_RATE - len(data) % _RATE))
    padded[len(data)] ^= 0x01
    padded[-1] ^= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), _RATE):
        for index in range(_RATE // 8):
            lanes[index] ^= int.from_bytes(padded[start + 8 * index : start + 8 * index + 8], "little")
        lanes = _permuted(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _permuted(lanes: list[int]) -> list[int]:
    """Apply Keccak-f[1600]: theta, rho, pi, chi and iota, 24 times."""
    for constant in _ROUNDS:
        columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        parity = [columns[x - 1] ^ _rotated(columns[(x + 1) % 5], 1) for x in range(5)]
        moved = [0] * 25
        for index in range(25):
            x, y = index % 5, index // 5
            moved[y + 5 * ((2 * x + 3 * y) % 5)] = _rotated(lanes[index] ^ parity[x], _ROTATIONS[index])
        lanes = [
            moved[index] ^ (~moved[index - index % 5 + (index + 1) % 5] & moved[index - index % 5 + (index + 2) % 5])
            for index in range(25)
        ]
        lanes[0] ^= constant
    return lanes


def _rotated(lane: int, count: int) -> int:
    return (lane << count | lane >> 64 - count) & _MASK

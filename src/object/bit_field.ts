/**
 * Reads `bitSize` bits that start `bitOffset` bits from the start of the copy. Up to 32 bits give a
 * number, more a bigint. On a little-endian machine bit 0 is the least significant bit of the first
 * byte, on a big-endian one its most significant.
 */
export function bitFieldReader(
  bitOffset: number,
  bitSize: number,
  signed: boolean,
  littleEndian: boolean,
): (data: DataView) => number | bigint {
  const first = Math.floor(bitOffset / 8)
  const count = Math.ceil(((bitOffset % 8) + bitSize) / 8)
  const skip = bitOffset % 8
  const shift = BigInt(littleEndian ? skip : count * 8 - skip - bitSize)
  return (data) => {
    let bits = 0n
    for (let i = 0; i < count; i++) {
      const byte = data.getUint8(first + (littleEndian ? count - 1 - i : i))
      bits = (bits << 8n) | BigInt(byte)
    }
    bits >>= shift
    const value = signed ? BigInt.asIntN(bitSize, bits) : BigInt.asUintN(bitSize, bits)
    return bitSize <= 32 ? Number(value) : value
  }
}

/** A segment of memory. */
export interface Load {
  readonly paddr: bigint
  readonly vaddr?: bigint | undefined
  readonly data: Uint8Array
  /** Of the data by default. */
  readonly memsz?: bigint | undefined
}

const ET_CORE = 4
const PT_LOAD = 1
const PT_NOTE = 4
const PN_XNUM = 0xffff

const SIZES = {
  32: { header: 52, segment: 32, section: 40 },
  64: { header: 64, segment: 56, section: 64 },
}

/** An ELF core file, little endian; the number of segments is where the format has it for so many. */
export function writeElf(
  loads: readonly Load[],
  { bits = 64 as 32 | 64, machine = 62, notes = new Uint8Array() as Uint8Array } = {},
): Buffer {
  const sizes = SIZES[bits]
  const segments = [
    { type: PT_NOTE, paddr: 0n, vaddr: 0n, data: notes, memsz: undefined },
    ...loads.map((load) => ({ type: PT_LOAD, ...load })),
  ]
  const isMany = segments.length >= PN_XNUM
  const sectionAt = sizes.header + sizes.segment * segments.length
  const out = Buffer.alloc(sectionAt + (isMany ? sizes.section : 0))
  const halves = (at: number, ...values: number[]) => {
    for (const [i, value] of values.entries()) out.writeUInt16LE(value, at + 2 * i)
  }
  const words = (at: number, ...values: bigint[]) => {
    for (const [i, value] of values.entries()) {
      if (bits === 64) out.writeBigUInt64LE(value, at + 8 * i)
      else out.writeUInt32LE(Number(value), at + 4 * i)
    }
  }
  out.write('\x7fELF', 'latin1')
  out.set([bits / 32, 1, 1], 4)
  halves(16, ET_CORE, machine, 1)
  words(24, 0n, BigInt(sizes.header), isMany ? BigInt(sectionAt) : 0n)
  const count = isMany ? PN_XNUM : segments.length
  halves(sizes.header - 12, sizes.header, sizes.segment, count, sizes.section, isMany ? 1 : 0)
  // sh_info of the first section.
  if (isMany) out.writeUInt32LE(segments.length, sectionAt + (bits === 64 ? 44 : 28))
  let at = BigInt(out.length)
  for (const [i, { type, vaddr = 0n, paddr, data, memsz }] of segments.entries()) {
    const size = BigInt(data.length)
    // Behind the type are the flags, or, with 32 bits, the offset at once.
    words(sizes.header + sizes.segment * i, BigInt(type), at, vaddr, paddr, size, memsz ?? size)
    at += size
  }
  return Buffer.concat([out, ...segments.map(({ data }) => data)])
}

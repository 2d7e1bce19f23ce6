import { textOf } from '../bytes/text.js'
import type { ElfData } from './data.js'

/** A note: whose it is, what kind of its owner's notes it is, and what it says. */
export interface ElfNote {
  /** The owner, such as `CORE`, `GNU` or `VMCOREINFO`, without the NUL. */
  readonly name: string
  readonly type: number
  readonly desc: Uint8Array
}

const NOTE_HEADER_SIZE = 12

/**
 * The notes of a PT_NOTE segment or an SHT_NOTE section that starts at `offset` in the file. Name
 * and description are padded to `align` bytes, which is 4, or 8 where the segment says so.
 */
export function* readNotes(
  data: ElfData,
  offset: bigint,
  size: bigint,
  align: bigint,
): Generator<ElfNote> {
  const { start, end } = data.range(offset, size, 'a list of notes')
  const padding = align === 8n ? 8 : 4
  const padded = (length: number) => Math.ceil(length / padding) * padding
  let at = start
  while (at + NOTE_HEADER_SIZE <= end) {
    const fields = data.fields(at)
    const nameSize = fields.u32()
    const descSize = fields.u32()
    const type = fields.u32()
    const name = at + NOTE_HEADER_SIZE
    const desc = start + padded(name + nameSize - start)
    if (name + nameSize > end || desc + descSize > end) {
      throw data.damaged(at, 'a note ends behind the end of its segment')
    }
    yield {
      name: text(data.bytes.subarray(name, name + nameSize)),
      type,
      desc: data.bytes.subarray(desc, desc + descSize),
    }
    at = start + padded(desc + descSize - start)
  }
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return textOf(end === -1 ? bytes : bytes.subarray(0, end))
}

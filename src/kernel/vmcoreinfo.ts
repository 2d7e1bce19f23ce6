import { cString } from '../object/c_string.js'

const NOTE_NAME = 'VMCOREINFO'

/**
 * VMCOREINFO: lines of text that the kernel writes for crash dump tools, such as
 * `SYMBOL(_stext)=ffffffff81000000` (kernel/vmcore_info.c, kernel/crash_core.c before Linux 6.9).
 */
export class Vmcoreinfo {
  private readonly values = new Map<string, string>()

  constructor(readonly text: string) {
    for (const line of text.split('\n')) {
      const equals = line.indexOf('=')
      if (equals > 0) this.values.set(line.slice(0, equals), line.slice(equals + 1))
    }
  }

  /** The value of a plain line, such as `OSRELEASE`. */
  get(key: string): string | undefined {
    return this.values.get(key)
  }

  /** `SYMBOL(name)`: an address, written in hexadecimal. */
  symbol(name: string): bigint | undefined {
    return parseHex(this.values.get(`SYMBOL(${name})`))
  }

  /** `NUMBER(name)`, written in decimal or, with 0x, in hexadecimal. */
  number(name: string): bigint | undefined {
    const text = this.values.get(`NUMBER(${name})`)
    if (text === undefined || !/^-?\d+$|^0x[0-9a-f]+$/i.test(text)) return undefined
    return BigInt(text)
  }

  /** `KERNELOFFSET`: by how much KASLR moved the kernel's image, written in hexadecimal. */
  get kernelOffset(): bigint | undefined {
    return parseHex(this.values.get('KERNELOFFSET'))
  }
}

function parseHex(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[0-9a-f]+$/i.test(text) ? BigInt(`0x${text}`) : undefined
}

/**
 * The text within an ELF note of name VMCOREINFO (`struct elf_note` with its three 32-bit words),
 * or undefined if the bytes are no such note.
 */
export function parseVmcoreinfoNote(note: Uint8Array, littleEndian = true): Vmcoreinfo | undefined {
  if (note.length < 24) return undefined
  const view = new DataView(note.buffer, note.byteOffset, note.byteLength)
  const nameSize = view.getUint32(0, littleEndian)
  const textSize = view.getUint32(4, littleEndian)
  if (nameSize !== NOTE_NAME.length + 1 || cString(note.subarray(12, 23)) !== NOTE_NAME) {
    return undefined
  }
  const start = 12 + Math.ceil(nameSize / 4) * 4
  return new Vmcoreinfo(cString(note.subarray(start, start + textSize)))
}

import type { Btf } from '../btf.js'
import { Spelling } from './spelling.js'
import { ascii, TextBuffer, textOf } from './text_buffer.js'

const ANONYMOUS = ['struct {...}', 'union {...}', 'enum {...}'].map(ascii)

/** Spells types of one BTF as strings. */
class Speller {
  private readonly out: TextBuffer
  private readonly spelling: Spelling

  constructor(btf: Btf) {
    const types = btf.raw()
    const out = new TextBuffer(btf.source)
    this.out = out
    this.spelling = new Spelling(types, out, new Uint32Array(types.count), (id) =>
      out.literal(ANONYMOUS[Math.min(types.kind(id), 6) - 4]!),
    )
  }

  declaration(id: number, name: string): string {
    // The last one may have failed half-way.
    this.out.clear()
    this.spelling.restart()
    this.spelling.before(id)
    if (name === '') this.out.trimBlank()
    const before = textOf(this.out.take())
    this.spelling.after(id)
    return before + name + textOf(this.out.take())
  }
}

const spellers = new WeakMap<Btf, Speller>()

function spellerOf(btf: Btf): Speller {
  const known = spellers.get(btf)
  if (known !== undefined) return known
  const speller = new Speller(btf)
  spellers.set(btf, speller)
  return speller
}

/**
 * A type as C writes it: `struct task_struct *`, `int (*)(void *)`, `char[16]`. Anonymous ones are
 * `struct {...}`. Throws {@link FormatError} where a type contains itself.
 */
export function typeName(btf: Btf, id: number): string {
  return spellerOf(btf).declaration(id, '')
}

/** The declaration of `name` as something of this type: `char comm[16]`. */
export function declaration(btf: Btf, id: number, name: string): string {
  return spellerOf(btf).declaration(id, name)
}

import type { Btf } from '../btf.js'
import { Spelling } from './spelling.js'
import { ascii, TextBuffer, textOf } from './text_buffer.js'

const NO_SUFFIXES = { suffix: () => 1 }

const ANONYMOUS = new Map([
  [4, ascii('struct {...}')],
  [5, ascii('union {...}')],
  [6, ascii('enum {...}')],
  [19, ascii('enum {...}')],
])

/** Spells types of one BTF as strings. */
class Speller {
  private readonly types
  private readonly spelling
  private readonly out

  constructor(btf: Btf) {
    this.types = btf.raw()
    this.spelling = new Spelling(this.types, NO_SUFFIXES)
    this.out = new TextBuffer(btf.source)
  }

  declaration(id: number, name: string): string {
    const before = this.text((anonymous) => this.spelling.before(id, this.out, anonymous))
    const after = this.text((anonymous) => this.spelling.after(id, this.out, anonymous))
    return name === '' ? before.trimEnd() + after : before + name + after
  }

  private text(write: (anonymous: (id: number) => void) => void): string {
    write((id) => this.out.literal(ANONYMOUS.get(this.types.kind(id))!))
    return textOf(this.out.take())
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

import type { RawTypes } from '../raw.js'
import { isStandard } from './base_types.js'
import { NameTable } from './name_table.js'

/** By kind, 1 for types that a header names. */
const HAS_NAME = Uint8Array.of(0, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1)

/**
 * The names of a C header in which every name must be unique. C keeps two sets of them: tags of
 * structs, unions and enums, and ordinary names of typedefs and enumerators. The type with the
 * lowest id keeps its name, the next becomes `name___2`; types come before enumerators.
 */
export class HeaderNames {
  /** The types that the header defines, in order of ids. */
  readonly definitions: Uint32Array
  private readonly tags: NameTable
  private readonly ordinary: NameTable
  /** By id, the number for `name___2`; 0 for types that keep their names. */
  readonly suffixes: Uint32Array
  /** What forward declarations mean, where that is defined. */
  private readonly meanings = new Map<number, number>()
  private found = 0

  constructor(private readonly types: RawTypes) {
    this.tags = new NameTable(types.strings)
    this.ordinary = new NameTable(types.strings)
    this.suffixes = new Uint32Array(types.count)
    this.definitions = new Uint32Array(types.count)
    const forwards: number[] = []
    for (let id = 1; id < types.count; id++) {
      if (HAS_NAME[types.kinds[id]!] === 1) this.enter(id, forwards)
    }
    this.definitions = this.definitions.subarray(0, this.found)
    for (const id of forwards) this.enterForward(id)
  }

  private enter(id: number, forwards: number[]): void {
    switch (this.types.kind(id)) {
      case 4:
      case 5:
      case 6:
      case 19:
        this.define(id, this.tags)
        break
      case 7:
        forwards.push(id)
        break
      case 8:
        this.define(id, this.ordinary)
        break
      case 1:
      case 16:
        if (!isStandard(this.types, id)) this.define(id, this.ordinary)
    }
  }

  private define(id: number, table: NameTable): void {
    this.definitions[this.found++] = id
    this.number(id, table)
  }

  private number(id: number, table: NameTable): void {
    const name = this.types.name(id)
    if (this.types.strings[name] === 0) return
    const times = table.add(name, id)
    if (times > 1) this.suffixes[id] = times
  }

  private enterForward(id: number): void {
    const { types } = this
    const first = this.tags.first(types.name(id))
    const isUnion = (type: number) =>
      types.kind(type) === 7 ? types.flag(type) : types.kind(type) === 5
    const isEnum = first !== undefined && (types.kind(first) === 6 || types.kind(first) === 19)
    if (first !== undefined && !isEnum && isUnion(first) === types.flag(id)) {
      this.meanings.set(id, first)
    } else {
      this.number(id, this.tags)
    }
  }

  /** Takes a name for an enumerator: 1, or the number for `name___2`. */
  enumeratorSuffix(name: number): number {
    return this.ordinary.add(name, 0)
  }

  /** The struct or union that a forward declaration means; itself, if there is none. */
  meaningOf(forward: number): number {
    return this.meanings.get(forward) ?? forward
  }
}

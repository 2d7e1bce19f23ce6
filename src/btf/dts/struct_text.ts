import { FormatError } from '../../errors.js'
import type { Btf, FoundMember } from '../btf.js'
import { typeName } from '../c/type_name.js'
import type { BtfArray, BtfStruct, BtfType } from '../kinds.js'
import { type InterfaceNames, isStruct } from './interface_names.js'
import { isNeverNull } from './never_null.js'
import { quoted } from './quoted.js'

/** Longer chains of pointers, arrays and anonymous structs are taken for a loop. */
const MAX_DEPTH = 64
/** Damaged BTF could repeat anonymous structs without end. */
const MAX_MEMBERS = 500_000

/**
 * Writes members with the types that ksight's views give them: integers of up to 32 bits, enums and
 * bit-fields of up to 32 bits are `number`, wider ones `bigint`, `_Bool` is `boolean`, `char[]` a
 * string, a pointer to a struct the struct's view.
 */
export class StructText {
  /** Types of values that do not depend on where they are written. */
  private readonly known = new Map<number, string>()
  private members = 0
  private depth = 0

  constructor(
    private readonly btf: Btf,
    private readonly names: InterfaceNames,
  ) {}

  /** The members in braces, those of anonymous structs among them. */
  body(struct: BtfStruct, indent = ''): string {
    if (this.depth++ > MAX_DEPTH) throw this.tooMuch(struct)
    const lines = new Map<string, string>()
    for (const member of this.btf.flatMembers(struct)) {
      if (this.members++ > MAX_MEMBERS) throw this.tooMuch(struct)
      // Of two anonymous structs with the same member, the first counts, as in the views.
      if (!lines.has(member.name))
        lines.set(member.name, this.member(struct, member, `${indent}  `))
    }
    this.depth--
    return `{\n${[...lines.values()].join('')}${indent}}`
  }

  private member(struct: BtfStruct, member: FoundMember, indent: string): string {
    const property = /^[A-Za-z_$][\w$]*$/.test(member.name) ? member.name : quoted(member.name)
    const value =
      member.bitSize > 0 ? this.bitField(member) : this.memberValue(struct, member, indent)
    return `${indent}/** ${this.comment(member)} */\n${indent}readonly ${property}: ${value}\n`
  }

  private comment({ type, bitOffset, bitSize }: FoundMember): string {
    const spelling = typeName(this.btf, type)
    const offset = `offset ${Math.floor(bitOffset / 8)}`
    return bitSize > 0
      ? `${spelling}:${bitSize}, ${offset}, bit ${bitOffset % 8}`
      : `${spelling}, ${offset}`
  }

  private bitField({ type, bitSize }: FoundMember): string {
    const target = this.btf.resolve(type)
    if (target.kind === 'int' && target.bool) return 'boolean'
    return bitSize > 32 ? 'bigint' : 'number'
  }

  private memberValue(struct: BtfStruct, member: FoundMember, indent: string): string {
    const value = this.value(member.type, indent)
    return isNeverNull(struct.name, member.name) ? value.replace(/ \| null$/, '') : value
  }

  /** The type of a value in a view. */
  private value(id: number, indent: string): string {
    const known = this.known.get(id)
    if (known !== undefined) return known
    if (this.depth++ > MAX_DEPTH) throw this.tooMuch(this.btf.type(id))
    const value = this.compute(id, indent)
    this.depth--
    // What spans lines is indented for the place it is used in.
    if (!value.includes('\n')) this.known.set(id, value)
    return value
  }

  private compute(id: number, indent: string): string {
    const type = this.btf.resolve(id)
    switch (type.kind) {
      case 'int':
        if (type.bool) return 'boolean'
        return integer(type.size)
      case 'enum':
      case 'enum64':
        return integer(type.size)
      case 'float':
        return type.size === 4 || type.size === 8 ? 'number' : '$Bytes'
      case 'array':
        return this.array(type, indent)
      case 'struct':
      case 'union':
        return this.struct(type, indent)
      case 'ptr':
        return this.pointer(type.type, indent)
      default:
        return 'unknown'
    }
  }

  private struct(type: BtfStruct, indent: string): string {
    return this.names.byId.get(type.id) ?? `$View & ${this.body(type, indent)}`
  }

  private pointer(id: number, indent: string): string {
    const target = this.btf.resolve(id)
    if (!isStruct(target)) return `$Pointer<${this.value(id, indent)}> | null`
    const struct = this.struct(target, indent)
    return struct.includes(' ') ? `(${struct}) | null` : `${struct} | null`
  }

  private array(type: BtfArray, indent: string): string {
    const element = this.value(type.type, indent)
    if (type.length === 0) return `$FlexibleArray<${element}>`
    const target = this.btf.resolve(type.type)
    // C's plain char, told by its name: BTF's own mark for it is never set.
    if (target.kind === 'int' && target.name === 'char') return 'string'
    return element.includes(' ') ? `readonly (${element})[]` : `readonly ${element}[]`
  }

  private tooMuch(type: BtfType): FormatError {
    const why = `${type.kind} ${type.name} (type ${type.id}) contains too much, or itself`
    return new FormatError(this.btf.source, 0, why)
  }
}

function integer(size: number): string {
  if (size <= 4) return 'number'
  return size === 8 || size === 16 ? 'bigint' : '$Bytes'
}

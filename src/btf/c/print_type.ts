import { hex } from '../../bytes/hex.js'
import type { Btf } from '../btf.js'
import type {
  BtfDatasec,
  BtfDeclTag,
  BtfEnum,
  BtfInt,
  BtfSectionVar,
  BtfType,
  BtfVar,
  BtfWrapper,
} from '../kinds.js'
import { plainName } from './plain_name.js'
import { printStruct } from './print_struct.js'
import { placeOf } from './section.js'
import { declaration, typeName } from './type_name.js'

/**
 * A type as C, with what C does not show in comments: offset and size of each member, holes and
 * padding, cache lines. The text ends with a newline. Throws {@link FormatError} for a type that
 * contains itself.
 */
export function printType(btf: Btf, type: BtfType): string {
  switch (type.kind) {
    case 'struct':
    case 'union':
      return `${printStruct(btf, type, plainName(type.name))};\n`
    case 'enum':
    case 'enum64':
      return `${printEnum(type)};\n`
    case 'typedef':
      return printTypedef(btf, type)
    case 'int':
      return `${typeName(btf, type.id)}; /* size: ${type.size}, ${describeInt(type)} */\n`
    case 'fwd':
      return `${typeName(btf, type.id)}; /* declared only */\n`
    case 'func':
      return `${declaration(btf, type.type, plainName(type.name))};\n`
    case 'func_proto':
      return `${typeName(btf, type.id)};\n`
    case 'var':
      return printVar(btf, type)
    case 'datasec':
      return printSection(btf, type)
    case 'decl_tag':
      return printDeclTag(btf, type)
    default:
      return `${typeName(btf, type.id)}; /* size: ${btf.sizeOf(type.id)} */\n`
  }
}

function describeInt({ bits, bitOffset, signed, bool, char }: BtfInt): string {
  const offset = bitOffset > 0 ? ` from bit ${bitOffset}` : ''
  const kind = bool ? 'boolean' : char ? 'character' : signed ? 'signed' : 'unsigned'
  return `bits: ${bits}${offset}, ${kind}`
}

function printEnum(type: BtfEnum): string {
  const name = plainName(type.name)
  const values = type.values.map((entry) => `\t${plainName(entry.name)} = ${entry.value},`)
  const sum = `\t/* size: ${type.size}, values: ${values.length} */`
  return [`enum ${name === '' ? '' : `${name} `}{`, ...values, '', sum, '}'].join('\n')
}

/** What a typedef stands for is printed in full where it has no name of its own. */
function printTypedef(btf: Btf, type: BtfWrapper): string {
  const target = btf.type(type.type)
  const name = plainName(type.name)
  const isStruct = target.kind === 'struct' || target.kind === 'union'
  const isEnum = target.kind === 'enum' || target.kind === 'enum64'
  if (isStruct && target.name === '') return `typedef ${printStruct(btf, target, '')} ${name};\n`
  if (isEnum && target.name === '') return `typedef ${printEnum(target)} ${name};\n`
  return `typedef ${declaration(btf, type.type, name)}; /* size: ${btf.sizeOf(type.id)} */\n`
}

function printVar(btf: Btf, type: BtfVar): string {
  const place = placeOf(btf, type)
  const where =
    place && `, ${plainName(place.section)}: offset ${place.offset} (${hex(place.offset)})`
  const code = declaration(btf, type.type, plainName(type.name))
  return `${code}; /* size: ${btf.sizeOf(type.id)}${where ?? ''} */\n`
}

function printSection(btf: Btf, section: BtfDatasec): string {
  const variable = ({ type, offset, size }: BtfSectionVar) => {
    const place = `/* ${String(offset).padStart(7)} ${String(size).padStart(7)} */`
    return `${place} ${declaration(btf, type, plainName(btf.type(type).name))};`
  }
  const sum = `/* size: ${section.size}, variables: ${section.vars.length} */`
  const head = `/* section ${plainName(section.name)}: offset, size, variable */`
  return [head, ...section.vars.map(variable), sum, ''].join('\n')
}

function printDeclTag(btf: Btf, tag: BtfDeclTag): string {
  const target = btf.type(tag.type)
  const part = tag.component < 0 ? '' : `, number ${tag.component} of its members or parameters`
  return `/* tag ${plainName(tag.name)} of ${target.kind} ${plainName(target.name)}${part} */\n`
}

import type { Btf } from '../btf.js'
import { MAX_TEXT, tooMuchText } from '../c/text_buffer.js'
import { InterfaceNames, isStruct } from './interface_names.js'
import { quoted } from './quoted.js'
import { StructText } from './struct_text.js'

const CHUNK_SIZE = 1 << 16

/**
 * All structs and unions of a kernel as TypeScript declarations, in pieces of about 64 KiB. A
 * program that includes them is checked against this kernel: `kernel.at('task_struct', address)`
 * has the members that this kernel's task_struct has.
 *
 * `kernel` says in a comment which kernel this is. Interfaces bear the tags of the structs, or the
 * names of typedefs where there is no tag; the second struct `foo` is `foo___2`, and a name that
 * TypeScript reserves has a `$` before it. Throws {@link FormatError} for types that contain
 * themselves.
 */
export function* printDts(btf: Btf, kernel: string): Generator<string> {
  let length = 0
  let chunk = ''
  for (const piece of pieces(btf, kernel)) {
    chunk += piece
    length += piece.length
    if (length > MAX_TEXT) throw tooMuchText(btf.source)
    if (chunk.length >= CHUNK_SIZE) {
      yield chunk
      chunk = ''
    }
  }
  yield chunk
}

function* pieces(btf: Btf, kernel: string): Generator<string> {
  const names = new InterfaceNames(btf)
  const text = new StructText(btf, names)
  yield `// The types of ${kernel.replace(/[^\x20-\x7e]/g, '_')}, made from its BTF by ksight.\n`
  yield TOP
  yield* kernelTypes(names)
  for (const [id, name] of names.byId) {
    const type = btf.type(id)
    if (!isStruct(type)) continue
    yield `\n/** ${type.kind}, ${type.size} bytes */\n`
    yield `export interface ${name} extends $View ${text.body(type)}\n`
  }
}

// Names with a dollar sign cannot be hidden by a struct of that name.
const TOP = `\
import type { FlexibleArray as $FlexibleArray, Pointer as $Pointer, View as $View } from 'ksight'

type $Bytes = Uint8Array

`

/** What `kernel.at(name, address)` looks up. */
function* kernelTypes(names: InterfaceNames): Generator<string> {
  yield "declare module 'ksight' {\n  interface KernelTypes {\n"
  for (const [cName, name] of names.byCName) yield `    ${quoted(cName)}: ${name}\n`
  yield '  }\n}\n'
}

import type { Btf } from '../btf.js'
import type { BtfStruct, BtfType } from '../kinds.js'

/** Names that TypeScript does not let an interface have, or reads as something else. */
const RESERVED = new Set(
  `KernelTypes abstract any asserts await bigint boolean break case catch class const continue
  debugger default delete do else enum export extends false finally for function if implements
  import in infer instanceof interface intrinsic is keyof let never new null number object
  package private protected public readonly return static string super switch symbol this throw
  true try typeof undefined unique unknown var void while with yield`.split(/\s+/),
)

/** The interface of each struct and union that has a name, be it only that of a typedef. */
export class InterfaceNames {
  /** By BTF id, in the order in which they are declared. */
  readonly byId = new Map<number, string>()
  /** The interface that a C name stands for: first come the tags, then typedefs. */
  readonly byCName = new Map<string, string>()
  private readonly taken = new Set<string>()

  constructor(btf: Btf) {
    for (let id = 1; id < btf.count; id++) {
      const kind = btf.kind(id)
      if (kind !== 'struct' && kind !== 'union') continue
      const type = btf.type(id)
      if (type.name !== '') this.add(type.name, id)
    }
    for (let id = 1; id < btf.count; id++) {
      if (btf.kind(id) === 'typedef') this.addTypedef(btf, btf.type(id))
    }
  }

  private add(cName: string, id: number): void {
    const name = this.unique(cName)
    this.byId.set(id, name)
    if (!this.byCName.has(cName)) this.byCName.set(cName, name)
  }

  private addTypedef(btf: Btf, typedef: BtfType): void {
    const type = btf.resolve(typedef.id)
    if (!isStruct(type)) return
    const known = this.byId.get(type.id)
    if (known === undefined) this.add(typedef.name, type.id)
    else if (!this.byCName.has(typedef.name)) this.byCName.set(typedef.name, known)
  }

  /** A name for the second struct `foo` is `foo___2`; a name that TypeScript reserves gets a `$`. */
  private unique(cName: string): string {
    const safe = cName.replace(/[^\w$]/g, '_')
    const name = RESERVED.has(safe) || !/^[A-Za-z_]/.test(safe) ? `$${safe}` : safe
    let unique = name
    for (let i = 2; this.taken.has(unique); i++) unique = `${name}___${i}`
    this.taken.add(unique)
    return unique
  }
}

export function isStruct(type: BtfType): type is BtfStruct {
  return type.kind === 'struct' || type.kind === 'union'
}

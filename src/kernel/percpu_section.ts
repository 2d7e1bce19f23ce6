import type { Btf } from '../btf/btf.js'
import { nearestNames } from '../bytes/nearest.js'
import { NotFoundError } from '../errors.js'

/** A per-CPU variable of the kernel's image. */
export interface PerCpuVariable {
  /** BTF id of the variable's type. */
  readonly typeId: number
  /** Bytes from the start of the section. */
  readonly offset: number
}

/** The variables of the section `.data..percpu`, which BTF lists (Linux 5.9, commit 55e87b0e8b8c). */
export class PerCpuSection {
  private readonly variables = new Map<string, PerCpuVariable>()

  constructor(private readonly btf: Btf) {
    const section = btf.find('.data..percpu', 'datasec')
    for (const { type, offset } of section?.vars ?? []) {
      const variable = btf.type(type)
      if (variable.kind === 'var') {
        this.variables.set(variable.name, { typeId: variable.type, offset })
      }
    }
  }

  /** Throws {@link NotFoundError}; a static variable of a module is not listed. */
  get(name: string): PerCpuVariable {
    const variable = this.variables.get(name)
    if (variable !== undefined) return variable
    throw new NotFoundError(
      `no per-CPU variable ${name}`,
      nearestNames(name, this.variables.keys()),
      `${this.btf.source} lists none of this name`,
    )
  }
}

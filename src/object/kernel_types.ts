import type { View } from './view.js'

/**
 * The kernel's structs and unions by name. Empty here: the declarations that `ksight type --dts`
 * writes add this kernel's types to it, and scripts are then checked against them.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface KernelTypes {}

/** A view whose members are not known to the compiler, for want of generated declarations. */
export type UntypedView = View & {
  // biome-ignore lint/suspicious/noExplicitAny: what the member is, only the kernel's BTF knows
  readonly [member: string]: any
}

/** The view of struct or union `Name`, with its members if declarations were generated. */
export type Struct<Name extends string> = Name extends keyof KernelTypes
  ? KernelTypes[Name]
  : UntypedView

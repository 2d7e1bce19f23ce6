import type { Kernel } from './kernel.js'

/** Few functions that are looked into here are longer. */
const MAX_LENGTH = 512

/**
 * The addresses that the machine code of a function of an x86-64 kernel may refer to: each place in it,
 * read as an offset from the next instruction, or as an address in the kernel's image. Most are no
 * addresses at all: whoever looks for a variable must know it when it sees it. For kernels whose
 * symbols are functions only (without CONFIG_KALLSYMS_ALL). So many bytes of it are looked into.
 */
export function textReferences(kernel: Kernel, name: string, length = MAX_LENGTH): bigint[] {
  const text = textOf(kernel, name, length)
  if (text === undefined) return []
  const { address, code } = text
  const found = new Set<bigint>()
  for (let at = 0; at + 4 <= code.byteLength; at++) {
    const value = BigInt(code.getInt32(at, true))
    // `mov $address, %reg`: the image lies in the topmost 2 GiB.
    if (value < 0n) found.add(BigInt.asUintN(64, value))
    found.add(BigInt.asUintN(64, address + BigInt(at + 4) + value))
  }
  return [...found]
}

/**
 * The variable that is compared with a small constant, `cmpl $constant, variable(%rip)`, in a function;
 * undefined where there is no such instruction.
 */
export function comparedVariable(
  kernel: Kernel,
  name: string,
  constant: number,
): bigint | undefined {
  const text = textOf(kernel, name)
  if (text === undefined) return undefined
  const { address, code } = text
  for (let at = 0; at + 7 <= code.byteLength; at++) {
    if (code.getUint16(at) !== 0x833d || code.getUint8(at + 6) !== constant) continue
    return BigInt.asUintN(64, address + BigInt(at + 7 + code.getInt32(at + 2, true)))
  }
  return undefined
}

/** The machine code of a function, and perhaps of what follows. */
function textOf(kernel: Kernel, name: string, length = MAX_LENGTH) {
  const address = kernel.symbols.find(name)?.address
  if (address === undefined) return undefined
  const [bytes] = kernel.uncached.gather([{ address, length }])
  if (!(bytes instanceof Uint8Array)) return undefined
  return { address, code: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) }
}

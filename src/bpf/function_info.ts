import { Fd } from '../linux/fd.js'
import { BpfAttr, bpf } from './bpf.js'
import { BtfBuilder } from './btf_builder.js'
import type { Subprogram } from './code_buffer.js'

/** `struct bpf_func_info`: where a function starts, and its FUNC in the program's BTF. */
const RECORD_SIZE = 8

/** What BPF_PROG_LOAD wants to know of a program's functions. */
export interface FunctionInfo extends Disposable {
  readonly btf: Fd
  readonly records: Uint8Array
  readonly recordSize: number
}

/**
 * Describes the functions of a program to the kernel. The verifier knows the arguments of a
 * callback from the helper that gets it, so the prototypes may all be `int f(void)`.
 */
export function functionInfo(
  subprograms: readonly Subprogram[],
  programName: string,
): FunctionInfo {
  const builder = new BtfBuilder()
  const proto = builder.funcProto(builder.int('int', 4))
  const records = new Uint8Array(subprograms.length * RECORD_SIZE)
  const view = new DataView(records.buffer)
  subprograms.forEach(({ name, start }, index) => {
    view.setUint32(index * RECORD_SIZE, start, true)
    const id = builder.func(start === 0 ? programName : name, proto)
    view.setUint32(index * RECORD_SIZE + 4, id, true)
  })
  const btf = loadBtf(builder.encode())
  return { btf, records, recordSize: RECORD_SIZE, [Symbol.dispose]: () => btf[Symbol.dispose]() }
}

/** BPF_BTF_LOAD. Throws SysError. */
function loadBtf(blob: Uint8Array): Fd {
  const attr = new BpfAttr(28).pointer(0, blob).u32(16, blob.length)
  return new Fd(bpf('BPF_BTF_LOAD', attr))
}

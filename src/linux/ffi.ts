import { createRequire } from 'node:module'
import type koffi from 'koffi'
import { UnsupportedError } from '../errors.js'
import { SysError } from './errno.js'
import { SYSCALL_NUMBERS, type SyscallName } from './syscalls.js'

/** Addresses of user space stay below 2^47 (unless asked otherwise), so a number is exact. */
type Word = number

interface Ffi {
  readonly numbers: Readonly<Record<SyscallName, number>>
  readonly koffi: typeof koffi
  readonly syscall: (number: number, ...args: [Word, Word, Word, Word, Word, Word]) => number
}

let loaded: Ffi | undefined

/** Loads the FFI when it is first needed: it takes 8 ms, and much of ksight works without it. */
function ffi(): Ffi {
  loaded ??= load()
  return loaded
}

function load(): Ffi {
  const numbers = process.platform === 'linux' ? SYSCALL_NUMBERS[process.arch] : undefined
  if (numbers === undefined) {
    throw new UnsupportedError(
      'cannot make system calls',
      `${process.platform} on ${process.arch} is not supported`,
      `use Linux on ${Object.keys(SYSCALL_NUMBERS).join(', ')}, or open a memory image`,
    )
  }
  const module = requireKoffi()
  const libc = module.load(null)
  const word = 'intptr_t'
  const syscall = libc.func('syscall', 'long', ['long', word, word, word, word, word, word])
  return { numbers, koffi: module, syscall }
}

function requireKoffi(): typeof koffi {
  try {
    return createRequire(import.meta.url)('koffi') as typeof koffi
  } catch (error) {
    throw new UnsupportedError(
      'cannot make system calls',
      `the module koffi does not load (${(error as Error).message.split('\n')[0]})`,
      'install it for this system with npm install koffi',
    )
  }
}

/**
 * `long syscall(long number, ...)` of the C library. Pass addresses from {@link addressOf}.
 * Throws {@link SysError}.
 */
export function syscall(
  name: SyscallName,
  a: Word = 0,
  b: Word = 0,
  c: Word = 0,
  d: Word = 0,
  e: Word = 0,
  f: Word = 0,
): number {
  const { numbers, syscall, koffi } = ffi()
  const result = syscall(numbers[name], a, b, c, d, e, f)
  if (result === -1) throw new SysError(name, koffi.errno())
  return result
}

/**
 * Where these bytes are in this process's memory. They stay there; the caller must keep `bytes`
 * reachable for as long as the address is used.
 */
export function addressOf(bytes: Uint8Array): number {
  // V8 keeps small arrays in its moving heap until somebody asks for their buffer.
  void bytes.buffer
  return Number(ffi().koffi.address(bytes))
}

/** Memory of this process as a buffer, without a copy. It must stay mapped while the buffer lives. */
export function viewMemory(address: number, length: number): ArrayBuffer {
  return ffi().koffi.view(BigInt(address), length)
}

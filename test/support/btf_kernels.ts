import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import { canFetchKernels, debianBtf } from './debian_kernel.js'
import { hasTools } from './tools.js'

/** The kernels whose types the printers are tested with. */
export const KERNELS = ['running', '6.1', '6.12'] as const
const RUNNING = '/sys/kernel/btf/vmlinux'
type TestKernel = (typeof KERNELS)[number]

/** Whether this machine has a kernel's BTF, or can fetch it, and has all of these commands. */
export function canTest(kernel: TestKernel, ...commands: readonly string[]): boolean {
  const available = kernel === 'running' ? existsSync(RUNNING) : canFetchKernels
  return available && hasTools(...commands)
}

/** BTF of a kernel, decoded and as a file for the tools of others. */
export interface KernelBtf {
  readonly btf: Btf
  readonly file: string
}

const directory = mkdtempSync(join(tmpdir(), 'ksight-btf-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** A file in a directory that is removed after the tests. */
export function scratchFile(name: string, content: string | Uint8Array): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

export async function kernelBtf(kernel: TestKernel): Promise<KernelBtf> {
  if (kernel === 'running') {
    return { btf: new Btf(readFileSync(RUNNING)), file: RUNNING }
  }
  const bytes = await debianBtf(kernel)
  return { btf: new Btf(bytes), file: scratchFile(`${kernel}.btf`, bytes) }
}

/** What a tool writes to its standard output. */
export function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

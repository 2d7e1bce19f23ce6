import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import { debianBtf } from './debian_kernel.js'

/** The kernels whose types the printers are tested with. */
export const KERNELS = ['running', '6.1', '6.12'] as const

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

export async function kernelBtf(kernel: (typeof KERNELS)[number]): Promise<KernelBtf> {
  if (kernel === 'running') {
    const file = '/sys/kernel/btf/vmlinux'
    return { btf: new Btf(readFileSync(file)), file }
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
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  })
}

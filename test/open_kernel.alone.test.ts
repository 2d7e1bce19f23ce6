import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesBelow } from '../scripts/files.mjs'
import { ScratchDirectory } from './support/files.js'
import { image } from './support/images.js'
import { describeLab } from './support/lab.js'

/** What makes system calls, or looks into the running kernel. */
const LINUX_ONLY = /src\/(live|bpf|trace|linux\/(ffi|fd|mmap|syscalls))\b/

/** Packages that run anywhere. */
const PACKAGES = ['commander', 'fflate', 'fzstd', 'picocolors']

/** Runs first, and makes the system another one. */
const ELSEWHERE = `Object.defineProperty(process, 'platform', { value: 'darwin' })\n`

describeLab('ksight without what only Linux has', () => {
  const scratch = new ScratchDirectory()
  const folder = scratch.path
  let elf: string

  beforeAll(async () => {
    for (const part of ['package.json', 'bin', 'dist'])
      cpSync(part, join(folder, part), { recursive: true })
    for (const name of PACKAGES) {
      const part = join('node_modules', name)
      cpSync(part, join(folder, part), { recursive: true })
    }
    const blocked = filesBelow(join(folder, 'dist')).filter(isLinuxOnly)
    expect(blocked.length).toBeGreaterThan(0)
    for (const path of blocked) rmSync(path)
    writeFileSync(join(folder, 'elsewhere.mjs'), ELSEWHERE)
    const images = await image({ kernel: '6.12' })
    elf = images.elf
  })

  afterAll(() => scratch[Symbol.dispose]())

  function isLinuxOnly(path: string): boolean {
    if (!path.endsWith('.js') || !existsSync(`${path}.map`)) return false
    const { sources } = JSON.parse(readFileSync(`${path}.map`, 'utf8')) as { sources: string[] }
    return sources.some((source) => LINUX_ONLY.test(source))
  }

  function node(...args: string[]) {
    return spawnSync(process.execPath, ['--import', './elsewhere.mjs', ...args], {
      cwd: folder,
      encoding: 'utf8',
    })
  }

  function script(text: string) {
    writeFileSync(join(folder, 'script.mjs'), text)
    return node('script.mjs', elf)
  }

  test('the library opens an image', () => {
    const { stdout, stderr } = script(`
      import { openKernel } from 'ksight'
      const kernel = openKernel(process.argv[2])
      let count = 0
      for (const task of kernel.forEachProcess()) if (task.comm !== '') count++
      console.log(kernel.release, count > 80, process.platform)
      kernel[Symbol.dispose]()
    `)
    expect({ stdout, stderr }).toEqual({
      stdout: expect.stringMatching(/^6\.12\.\S+ true darwin\n$/),
      stderr: '',
    })
  })

  test('the commands show it', () => {
    for (const command of [
      [],
      ['ps'],
      ['task', '1'],
      ['log'],
      ['sym', 'vfs_read'],
      ['type', 'file'],
    ]) {
      const { status, stdout, stderr } = node('bin/ksight', '-c', elf, ...command)
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(stdout.length).toBeGreaterThan(20)
    }
  })

  test('the running kernel cannot be opened', () => {
    const { status, stderr } = script(`
      import { openKernel } from 'ksight'
      openKernel()
    `)
    expect(status).toBe(1)
    expect(stderr).toContain('live')
  })
})

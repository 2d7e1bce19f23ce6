import { spawn } from 'node:child_process'
import { constants, copyFileSync, openSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDump } from '../../src/dump/open_dump.js'
import { openImage } from '../../src/dump/open_image.js'
import { FileSource } from '../../src/files/file_source.js'
import { damage, damages } from '../damage/damage.js'
import { DamagedSource } from '../damage/damaged_source.js'
import { findFirstPlaces, findPlaces, type Places } from '../damage/places.js'
import { offsetOfMemory, offsetOfVmcoreinfo } from '../dump/qemu_elf.js'
import { ScratchDirectory } from '../support/files.js'
import { image } from '../support/images.js'
import { describeLab } from '../support/lab.js'
import { KSIGHT } from './ksight.js'

const COMMANDS = [
  [],
  ['count'],
  ['ps', '--tree'],
  ['threads', '--json'],
  ['task', '1'],
  ['task', '1', 'mm.pgd', 'cred.euid.val', 'signal.rlim[3]', '--json'],
  ['type', 'task_struct'],
  ['sym', 'init_task'],
  ['sym', 'p9_client_read'],
  ['log', '--time', 'ctime'],
]

/** Damaged images in files, each looked into by two commands. */
const IMAGES = 12

/** So many lines are enough for what is missing. */
const MOST_LINES = 30

describeLab('the command, on a damaged image', () => {
  const scratch = new ScratchDirectory()
  const path = join(scratch.path, 'image')
  let source: DamagedSource
  let places: Places
  let offsetOf: (physical: number) => number
  let whole: FileSource
  let file: number
  let vmcoreinfo: number

  beforeAll(async () => {
    const { elf } = await image({ kernel: '6.12' })
    copyFileSync(elf, path, constants.COPYFILE_FICLONE)
    file = openSync(path, 'r+')
    whole = new FileSource(elf)
    source = new DamagedSource(whole, { reads: 1e6, bytes: 1e10, longest: 1e9 })
    offsetOf = offsetOfMemory(elf)
    vmcoreinfo = offsetOfVmcoreinfo(elf)
    const kernel = openImage([source])
    const dump = openDump(source)
    places = { ...findPlaces(kernel, dump), ...findFirstPlaces(kernel, dump) }
  })
  afterAll(() => {
    whole?.[Symbol.dispose]()
    scratch[Symbol.dispose]()
  })

  test('ends with what there is to be shown, or says in a line why not', async () => {
    const commands = fc.uniqueArray(fc.constantFrom(...COMMANDS), { minLength: 2, maxLength: 2 })
    const property = fc.asyncProperty(damages(places), commands, async (changes, commands) => {
      source.restore()
      damage(source, offsetOf, places, changes)
      for (const [offset, bytes] of source.changes) writeSync(file, bytes, 0, bytes.length, offset)
      await Promise.all(commands.map(expectWellBehaved))
      for (const [offset, { length }] of source.changes) {
        const bytes = new Uint8Array(length)
        whole.read(offset, bytes)
        writeSync(file, bytes, 0, length, offset)
      }
    })
    await fc.assert(property, { numRuns: IMAGES, endOnFailure: true })
  })

  test('that was cut off', async () => {
    const starts = Object.values(places).map(([first]) => offsetOf(first!.physical) + 4)
    const cuts = [whole.size - 1, vmcoreinfo + 100, 5000, 100, 63, 1, 0, ...starts]
    for (const cut of cuts.sort((a, b) => b - a)) {
      truncateSync(path, cut)
      const all = [[], COMMANDS[cut % COMMANDS.length]!]
      await Promise.all(all.map(expectWellBehaved))
    }
  })

  async function expectWellBehaved(args: readonly string[]): Promise<void> {
    const child = spawn(KSIGHT, ['-c', path, ...args], { timeout: 60_000 })
    const ended = new Promise((resolve) =>
      child.on('close', (code, signal) => resolve(code ?? signal)),
    )
    const [, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    const lines = stderr.split('\n').slice(0, -1)
    expect({ args, status, stderr }).toMatchObject({ status: expect.toBeOneOf([0, 1]) })
    expect(stderr).not.toMatch(/internal error|^\s+at /m)
    expect(lines.filter((line) => !line.startsWith('ksight: '))).toEqual([])
    expect(lines.length).toBeLessThan(MOST_LINES)
    if (status === 1) expect(lines.length).toBeGreaterThan(0)
  }
})

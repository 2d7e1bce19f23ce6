import { execFileSync } from 'node:child_process'
import { closeSync, copyFileSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import type { Dump } from '../../src/dump/dump.js'
import { openDump } from '../../src/dump/open_dump.js'
import { FaultError } from '../../src/errors.js'
import { FileSource } from '../../src/files/file_source.js'
import { ScratchDirectory } from '../support/files.js'
import { describeLab } from '../support/lab.js'
import { hasTools, isRoot } from '../support/tools.js'
import { Compressor, hasCompressors, PAGE_SIZE, repack } from './kdump_writer.js'
import { monitorRegisters, shownByMonitor } from './monitor_registers.js'
import { headersInFront, noteSegment } from './qemu_elf.js'
import { limeHeader } from './sample.js'

const RAM_SIZE = 512 << 20
const CHUNK = 1 << 20

interface Facts {
  /** As uname -n, -r and -v print them. */
  readonly uname: string[]
  /** Physical address and size of the note, as /sys/kernel/vmcoreinfo has them. */
  readonly vmcoreinfo: string
  /** What QEMU's monitor says of the registers. */
  readonly registers: string
}

describeLab('images of', () => {
  const scratch = new ScratchDirectory()
  const path = (name: string) => join(scratch.path, name)
  const sources: FileSource[] = []
  afterAll(() => {
    for (const source of sources) source[Symbol.dispose]()
    scratch[Symbol.dispose]()
  })

  function open(...names: [string, ...string[]]): Dump {
    const opened = names.map((name) => new FileSource(path(name))) as [FileSource]
    sources.push(...opened)
    return openDump(...opened)
  }

  describe.each(['6.1', '6.12'] as const)('Debian’s %s', (kernel) => {
    const file = (name: string) => `${kernel}.${name}`
    let facts: Facts
    let sameWhileItRan: boolean

    /** All images of the guest at one moment. */
    beforeAll(async () => {
      await using vm = await boot({ kernel, memory: '512M' })
      const output = async (...command: [string, ...string[]]) => {
        const { exitCode, stdout } = await vm.run(command[0], command.slice(1))
        expect(exitCode).toBe(0)
        return stdout.trim()
      }
      const uname = [
        await output('uname', '-n'),
        await output('uname', '-r'),
        await output('uname', '-v'),
      ]
      const vmcoreinfo = await output('cat', '/sys/kernel/vmcoreinfo')
      await vm.qmp('stop')
      await vm.dump(path(file('elf')), 'elf')
      await vm.dump(path(file('kdump')), 'kdump-zlib')
      copyFileSync(vm.ram, path(file('ram')))
      using running = new FileSource(vm.ram)
      sameWhileItRan = differences(openDump(running), file('ram')).length === 0
      const registers = await vm.qmp('human-monitor-command', {
        'command-line': 'info registers -a',
      })
      facts = { uname, vmcoreinfo, registers }
      headersInFront(path(file('elf')), path('vmcore'))
    })

    /** Addresses of pieces of RAM that are not the same in an image. */
    function differences(dump: Dump, ram: string, ranges = [[0, RAM_SIZE]]): number[] {
      const fd = openSync(path(ram), 'r')
      const differ: number[] = []
      const expected = Buffer.alloc(CHUNK)
      const found = Buffer.alloc(CHUNK)
      for (const [start, end] of ranges as [number, number][]) {
        for (let at = start; at < end; at += CHUNK) {
          const length = Math.min(CHUNK, end - at)
          readSync(fd, expected, 0, length, at)
          dump.physical.read(BigInt(at), found.subarray(0, length))
          if (expected.compare(found, 0, length, 0, length) !== 0) differ.push(at)
        }
      }
      closeSync(fd)
      return differ
    }

    /** The text, as it is in the guest's memory. */
    function vmcoreinfoInRam(): string {
      const [address, size] = facts.vmcoreinfo.split(' ').map((word) => Number.parseInt(word, 16))
      const note = Buffer.alloc(size!)
      const fd = openSync(path(file('ram')), 'r')
      readSync(fd, note, 0, size!, address!)
      closeSync(fd)
      // Three words, and the name of the owner with its padding.
      return note.toString('latin1', 24, 24 + note.readUInt32LE(4))
    }

    test('the RAM of the guest is an image as it is', () => {
      expect(sameWhileItRan).toBe(true)
    })

    test.each([
      ['elf', 'ELF vmcore'],
      ['kdump', 'kdump (zlib)'],
      ['ram', 'raw physical memory'],
    ])('QEMU’s %s has every byte of RAM', (name, format) => {
      const dump = open(file(name))
      expect(dump.format).toBe(format)
      expect(dump.incomplete).toBeUndefined()
      expect(dump.ranges[0]).toEqual({ address: 0n, length: BigInt(RAM_SIZE) })
      expect(differences(dump, file('ram'))).toEqual([])
    })

    test.each(['elf', 'kdump'])('QEMU’s %s says what machine it was', (name) => {
      const dump = open(file(name))
      expect(dump.machine).toBe('x86_64')
      expect(dump.vmcoreinfo).toBe(vmcoreinfoInRam())
      expect(dump.vmcoreinfo).toContain(`OSRELEASE=${facts.uname[1]}\n`)
      expect(dump.cpus.map(shownByMonitor)).toEqual(monitorRegisters(facts.registers))
    })

    test('in LiME’s format, written here from the RAM, for no tool but a module writes it', () => {
      const ram = readFileSync(path(file('ram')))
      const ranges = [
        [0, 0x9f000],
        [0x100000, RAM_SIZE],
      ] as const
      const parts = ranges.flatMap(([start, end]) => [
        limeHeader(start, end - start),
        ram.subarray(start, end),
      ])
      writeFileSync(path(file('lime')), Buffer.concat(parts))
      const dump = open(file('lime'))
      expect(dump.format).toBe('LiME')
      expect(
        differences(
          dump,
          file('ram'),
          ranges.map((range) => [...range]),
        ),
      ).toEqual([])
      expect(() => dump.physical.read(0x9effcn, new Uint8Array(8))).toThrow(
        'cannot read memory at 0x9f000',
      )
    })

    describe.skipIf(!hasCompressors)('packed anew (needs liblzo2, libsnappy, libzstd)', () => {
      // makedumpfile of Debian 12 reads no 6.12, and was built without snappy and zstd, QEMU without lzo too.
      test.each(['lzo', 'snappy', 'zstd'] as const)('with %s', (how) => {
        const ram = readFileSync(path(file('ram')))
        const notes = noteSegment(path(file('elf')))
        writeFileSync(path(file(how)), repack(ram, notes, how, new Compressor(scratch.path)))
        const dump = open(file(how))
        expect(dump.format).toBe(`kdump (${how})`)
        expect(dump.vmcoreinfo).toBe(vmcoreinfoInRam())
        expect(dump.cpus.map(shownByMonitor)).toEqual(monitorRegisters(facts.registers))
        expect(differences(dump, file('ram'))).toEqual([])
      })
    })

    // It cannot read 6.12.
    if (kernel === '6.1') {
      describe.skipIf(!hasTools('makedumpfile'))('made by makedumpfile (needs it)', () => {
        function makedumpfile(...args: string[]): void {
          execFileSync('makedumpfile', args, { cwd: scratch.path, stdio: 'ignore' })
        }

        test.each([
          ['-c', 'zlib'],
          ['-l', 'lzo'],
        ])('%s', (option, name) => {
          makedumpfile(option, '-d', '0', 'vmcore', name)
          const dump = open(name)
          expect(dump.format).toBe(`kdump (${name})`)
          expect(dump.incomplete).toBeUndefined()
          const [nodename, release, version] = facts.uname
          expect(dump.uts).toMatchObject({ nodename, release, version })
          expect(dump.vmcoreinfo).toBe(vmcoreinfoInRam())
          expect(dump.cpus.map(shownByMonitor)).toEqual(monitorRegisters(facts.registers))
          expect(dump.ranges).toEqual([{ address: 0n, length: BigInt(RAM_SIZE) }])
          expect(differences(dump, file('ram'))).toEqual([])
        })

        test('-d 1: of zero pages, all is known', () => {
          makedumpfile('-c', '-d', '1', 'vmcore', 'without-zeros')
          expect(differences(open('without-zeros'), file('ram'))).toEqual([])
        })

        test('-F: flattened', () => {
          execFileSync('sh', ['-c', 'makedumpfile -F -c -d 0 vmcore > flat'], {
            cwd: scratch.path,
            stdio: 'ignore',
          })
          expect(differences(open('flat'), file('ram'))).toEqual([])
        })

        test('-d 31: pages are right, or excluded, and a fault says so', () => {
          makedumpfile('-l', '-d', '31', 'vmcore', 'small')
          expectRightOrExcluded(open('small'))
        })

        test('--split: the files together, in any order, and one alone', () => {
          makedumpfile(
            ...'--split --splitblock-size 4096 -c -d 31 vmcore split1 split2 split3'.split(' '),
          )
          const all = open('split3', 'split1', 'split2')
          expect(all.incomplete).toBeUndefined()
          expectRightOrExcluded(all)
          const one = open('split1')
          expect(one.incomplete).toBe('files of the split image are missing')
          const [fault] = one.physical.gather([{ address: BigInt(RAM_SIZE - 8), length: 8 }])
          expect(fault).toMatchObject({ why: expect.stringContaining('is in another file') })
        })

        test('-E -d 31: what ELF leaves out are zeros', () => {
          makedumpfile('-E', '-d', '31', 'vmcore', 'small.elf')
          const elf = open('small.elf')
          const kdump = open('small')
          const page = new Uint8Array(PAGE_SIZE)
          let zeros = 0
          let wrong = 0
          for (let at = 0; at < RAM_SIZE; at += PAGE_SIZE) {
            elf.physical.read(BigInt(at), page)
            const [same] = kdump.physical.gather([{ address: BigInt(at), length: PAGE_SIZE }])
            if (same instanceof Uint8Array) wrong += Math.abs(Buffer.compare(page, same))
            else if (page.every((byte) => byte === 0)) zeros++
          }
          expect(wrong).toBe(0)
          expect(zeros).toBeGreaterThan(90_000)
        })

        test.skipIf(!isRoot || !hasTools('unshare'))(
          'on a disk that is full (needs root, unshare)',
          () => {
            const steps = [
              'mkdir disk && mount -t tmpfs -o size=20m tmpfs disk',
              '! makedumpfile -l -d 0 vmcore disk/image && cp disk/image full',
            ]
            const options = { cwd: scratch.path, stdio: 'ignore' } as const
            execFileSync('unshare', ['-m', 'sh', '-c', steps.join(' && ')], options)
            const dump = open('full')
            expect(dump.incomplete).toMatch(
              /^makedumpfile could not write all of .*: the disk was full$/,
            )
            expect(differences(dump, file('ram'), [[0, 64 << 20]])).toEqual([])
            const [fault] = dump.physical.gather([{ address: BigInt(RAM_SIZE - 8), length: 8 }])
            expect(fault).toMatchObject({ why: expect.stringContaining('is cut off') })
          },
        )

        function expectRightOrExcluded(dump: Dump): void {
          const fd = openSync(path(file('ram')), 'r')
          const expected = new Uint8Array(PAGE_SIZE)
          const found = { right: 0, excluded: 0 }
          for (let at = 0; at < RAM_SIZE; at += PAGE_SIZE) {
            const [page] = dump.physical.gather([{ address: BigInt(at), length: PAGE_SIZE }])
            if (page instanceof FaultError) {
              expect(page.address).toBe(BigInt(at))
              expect(page.why).toBe('makedumpfile excluded the page, dump level 31')
              found.excluded++
            } else {
              readSync(fd, expected, 0, PAGE_SIZE, at)
              expect(Buffer.compare(page!, expected)).toBe(0)
              found.right++
            }
          }
          closeSync(fd)
          expect(found.right).toBeGreaterThan(10_000)
          expect(found.excluded).toBeGreaterThan(90_000)
        }
      })
    }
  })
})

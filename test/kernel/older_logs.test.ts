import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import { Kernel } from '../../src/kernel/kernel.js'
import type { LogRecord } from '../../src/kernel/log_record.js'
import { forEachLogRecord } from '../../src/kernel/printk.js'
import { parseKallsyms } from '../../src/symbols/kallsyms_text.js'
import { Symbols } from '../../src/symbols/symbols.js'
import { BytesMemory } from '../support/bytes_memory.js'
import { compileProgram, temporaryFolder } from '../support/compile.js'
import { hasTools } from '../support/tools.js'

// Kernels that are as old as these logs do not run in the lab. A program in C writes them, with the
// kernel's struct laid out by a compiler; what it wrote is known.

const START = 0xffffffff82000000n
const BUFFER = 4096

/** The types that the program was compiled with. */
function types(): Btf {
  const folder = temporaryFolder()
  const [object, blob] = [join(folder, 'object'), join(folder, 'btf')]
  execFileSync('gcc', ['-gbtf', '-c', '-o', object, 'test/programs/printk_log.c'])
  const only = ['--only-section=.BTF', '--set-section-flags', '.BTF=alloc']
  execFileSync('objcopy', ['-O', 'binary', ...only, object, blob])
  return new Btf(readFileSync(blob))
}

/** Variables of 8 bytes each, in this order, and behind them the buffer that log_buf points to. */
function logIn(variables: Record<string, bigint>, buffer: Uint8Array): Kernel {
  const memory = new BytesMemory(START, new Uint8Array(BUFFER + buffer.length))
  memory.bytes.set(buffer, BUFFER)
  const lines = Object.entries({ ...variables, log_buf: START + BigInt(BUFFER) }).map(
    ([name, value], i) => {
      memory.view.setBigUint64(i * 8, value, true)
      return `${(START + BigInt(i * 8)).toString(16)} b ${name}\n`
    },
  )
  return new Kernel({
    source: 'a test',
    types: types(),
    memory,
    symbols: () => new Symbols(parseKallsyms(lines.join(''))),
    hints: { release: '4.19.0', possibleCpus: () => [0], anyTask: () => START },
  })
}

describe.runIf(hasTools('gcc', 'objcopy'))('with a C compiler', () => {
  describe('the log of Linux 3.5 to 5.9', () => {
    function written() {
      const output = execFileSync(compileProgram('printk_log'))
      const end = output.indexOf('\n')
      const [first, next, firstSeq, nextSeq] = output
        .toString('latin1', 0, end)
        .split(' ')
        .map(BigInt)
      const variables = {
        log_buf_len: BigInt(output.length - end - 1),
        log_first_idx: first!,
        log_next_idx: next!,
        log_first_seq: firstSeq!,
      }
      return { variables, buffer: output.subarray(end + 1), nextSeq: nextSeq! }
    }

    test('all messages, the oldest of which were overwritten', () => {
      const { variables, buffer, nextSeq } = written()
      const records = [...forEachLogRecord(logIn(variables, buffer))]
      expect(records.length).toBeGreaterThan(5)
      expect(variables.log_next_idx).toBeLessThan(variables.log_first_idx)
      const expected = records.map((_, index): Omit<LogRecord, 'bytes'> => {
        const i = Number(variables.log_first_seq) + index
        const hasDevice = i % 3 === 0
        return {
          seq: BigInt(i),
          timestamp: BigInt(i) * 1000001n,
          level: i % 8,
          facility: i % 24,
          caller: i % 2 === 0 ? { task: 4711 } : { cpu: 3 },
          text: `message ${i}${'_'.repeat(i % 50)}`,
          subsystem: hasDevice ? 'pci' : undefined,
          device: hasDevice ? '+pci:0000:00:1f.2' : undefined,
          unfinished: false,
        }
      })
      expect(records).toMatchObject(expected)
      expect(records.at(-1)!.seq + 1n).toBe(nextSeq)
    })

    test.each([
      ['log_first_idx', 1020n],
      ['log_first_idx', 0x7fffffffn],
      ['log_next_idx', 1000n],
      ['log_next_idx', 3n],
      ['log_buf_len', 16n],
    ])('damage is told: %s is %i', (name, value) => {
      const { variables, buffer } = written()
      const kernel = logIn({ ...variables, [name]: value }, buffer)
      expect(() => [...forEachLogRecord(kernel)]).toThrow(
        /^the kernel log is damaged: |^cannot read/,
      )
    })
  })

  describe('the log of Linux before 3.5', () => {
    const LINES = [
      ['<6>[    0.000000] Linux version 2.6.32', 6, 0, 0n, 'Linux version 2.6.32'],
      ['<28>[12345.678901] systemd: hello', 4, 3, 12345678901000n, 'systemd: hello'],
      ['<3>no time', 3, 0, 0n, 'no time'],
      ['no level', 4, 0, 0n, 'no level'],
    ] as const
    const text = Buffer.from(`${LINES.map(([line]) => line).join('\n')}\n`)
    const expected = LINES.map(([, level, facility, timestamp, text], i) => {
      return { seq: BigInt(i), level, facility, timestamp, text, caller: undefined }
    })
    const show = (end: number, buffer: Buffer) => {
      const variables = { log_buf_len: BigInt(buffer.length), log_end: BigInt(end) }
      return [...forEachLogRecord(logIn(variables, buffer))]
    }

    test('not full yet', () => {
      expect(show(text.length, Buffer.concat([text], 256))).toMatchObject(expected)
    })

    test('filled twice and a half: the oldest line lacks its start', () => {
      const before = Buffer.from('of an older line\n')
      const log = Buffer.concat([
        Buffer.alloc(128 - before.length - text.length, 'x'),
        before,
        text,
      ])
      const end = 128 * 2 + 61
      const buffer = Buffer.concat([log.subarray(-61), log.subarray(0, -61)])
      const [first, ...rest] = show(end, buffer)
      expect(first!.text).toMatch(/^x+of an older line$/)
      expect(rest.map(({ text }) => text)).toEqual(expected.map(({ text }) => text))
    })

    test.each([0, 100, 2 ** 31])('a size of %i is damage', (size) => {
      const variables = { log_buf_len: BigInt(size), log_end: 64n }
      expect(() => [...forEachLogRecord(logIn(variables, text))]).toThrow(
        'the kernel log is damaged',
      )
    })
  })
})

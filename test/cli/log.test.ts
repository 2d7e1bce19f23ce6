import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { hasTools, isRoot } from '../support/tools.js'
import { failure, json, output } from './ksight.js'

/** dmesg shows characters of UTF-8 only in a locale that has them. */
const env = { ...process.env, LC_ALL: 'C.UTF-8' }

function dmesg(...args: string[]): string {
  return execFileSync('dmesg', args, { encoding: 'utf8', env, maxBuffer: 2 ** 28 })
}

/** What both show, where the log stayed the same meanwhile. */
function both(ours: string[], theirs: string[]): { shown: string; expected: string } {
  for (let tries = 0; ; tries++) {
    const before = dmesg(...theirs)
    const shown = output('log', ...ours)
    const expected = dmesg(...theirs)
    if (before === expected || tries === 5) return { shown, expected }
  }
}

const ODD = [
  '<12>two\nlines\twith a tab',
  '<11>escape \x1b[31m, \\ and \x01',
  Buffer.from('<13>no UTF-8: \xff\xfe, cut: \xe2\x82', 'latin1'),
  '<30>printable: äöü€😀 , not printable: \u0085\u009b',
  '<14>ends with a new line\n',
  '',
  `<8>${'long '.repeat(190)}`,
]

/** One call of write(2) is one message. */
const write = (message: string | Buffer) => writeFileSync('/dev/kmsg', message)

describe.runIf(isRoot && hasTools('dmesg'))('as root, with dmesg', () => {
  describeLive('ksight log', () => {
    test('shows what dmesg shows, odd messages included', () => {
      for (const message of ODD) write(Buffer.concat([Buffer.from(message), Buffer.from('\n')]))
      const { shown, expected } = both([], [])
      expect(expected).toContain(String.raw`escape \x1b[31m, \ and \x01`)
      expect(shown).toBe(expected)
    })

    test.each([
      [['--decode'], ['--decode']],
      [
        ['--time', 'delta'],
        ['--time-format', 'delta'],
      ],
      [['--time', 'notime'], ['--notime']],
      [
        ['--level', 'warn,err'],
        ['--level', 'warn,err'],
      ],
    ])('and so with %s', (ours, theirs) => {
      const { shown, expected } = both(ours, theirs)
      expect(shown).toBe(expected)
    })

    test('tells the time of day as dmesg does, which may leave out the fraction of a second', () => {
      const { shown, expected } = both(['--time', 'iso'], ['--time-format', 'iso'])
      const times = (text: string) => {
        const stamps = text.match(/^\d{4}-\S+T\S+,\d{6}[+-]\d\d:\d\d(?= )/gm)!
        return stamps.map((stamp) => {
          const [second, , micros, zone] = /^(.*)(,)(\d{6})(.*)$/.exec(stamp)!.slice(1)
          return Date.parse(second! + zone!) * 1000 + Number(micros)
        })
      }
      const theirs = times(expected)
      const differences = new Set(
        times(shown).map((time, i) => Math.round((time - theirs[i]!) / 1000)),
      )
      const [first] = differences
      expect(theirs.length).toBeGreaterThanOrEqual(ODD.length - 1)
      // By the same time for each message: of when the kernel was started.
      expect([...differences].every((each) => Math.abs(each - first!) <= 1)).toBe(true)
      expect(first).toBeGreaterThanOrEqual(-1)
      expect(first).toBeLessThanOrEqual(1000)
    })

    test('ctime is iso in the words of ctime(3)', () => {
      const time = json<{ timestamp: number }[]>('log', '--tail', '1')[0]!.timestamp
      expect(time).toBeGreaterThan(0)
      const iso = /^[^,]+/.exec(output('log', '--tail', '1', '--time', 'iso'))![0]
      const expected = execFileSync('date', ['-d', iso, '+[%a %b %e %H:%M:%S %Y] '], {
        encoding: 'utf8',
        env,
      })
      expect(output('log', '--tail', '1', '--time', 'ctime')).toContain(expected.trimEnd())
    })

    test('as JSON it says what dmesg --json says, and more', () => {
      const { shown, expected } = both(['--json'], ['--json', '--decode'])
      const theirs = JSON.parse(expected) as {
        dmesg: { fac: string; pri: string; time: number }[]
      }
      const ours = JSON.parse(shown) as {
        facility: string
        level: string
        timestamp: number
        text: string
      }[]
      // dmesg leaves out an empty message, and facilities that it does not know.
      const named = ours.filter(({ text }) => text !== '')
      const times = named.map(({ timestamp }) => Math.floor(timestamp / 1000))
      expect(times).toEqual(theirs.dmesg.map(({ time }) => Math.round(time * 1e6)))
      for (const [i, { fac, pri }] of theirs.dmesg.entries()) {
        if (fac !== undefined) expect([named[i]!.facility, named[i]!.level]).toEqual([fac, pri])
      }
    })

    test('a message that is not finished is shown with --all', () => {
      write('without a new line, as a test says')
      try {
        const all = json<{ text: string; unfinished: boolean; caller: object }[]>(
          'log',
          '--all',
          '--tail',
          '1',
        )
        expect(all).toMatchObject([
          {
            text: 'without a new line, as a test says',
            unfinished: true,
            caller: { task: process.pid },
          },
        ])
        expect(output('log', '--tail', '1')).not.toContain('without a new line')
      } finally {
        write('finished\n')
      }
    })

    test('--tail takes the last messages of those that are shown', () => {
      const { shown, expected } = both(['--tail', '3', '--level', 'info'], ['--level', 'info'])
      expect(expected.endsWith(`\n${shown}`)).toBe(true)
      const last = json<{ text: string }[]>('log', '--tail', '3', '--level', 'info')
      expect(last).toHaveLength(3)
      for (const { text } of last) expect(shown).toContain(text.split(/[^ -~]/)[0])
      expect(output('log', '--tail', '0')).toBe('')
    })
  })
})

test('wrong levels and numbers are wrong usage', () => {
  expect(failure(['log', '--level', 'loud'], 2)).toBe(
    'ksight: unknown level "loud": there are emerg, alert, crit, err, warn, notice, info, debug',
  )
  expect(failure(['log', '--tail', '-1'], 2)).toContain('wrong number "-1"')
})

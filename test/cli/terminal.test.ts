import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { KSIGHT } from './ksight.js'
import { environment, onTerminal, SGR, show } from './on_terminal.js'

const WIDTHS = [40, 60, 80]
const TABLES = ['ps', 'ps --tree', 'threads', 'count', 'layout', 'layout --mode x86-64', '']

describeLive('on a terminal', () => {
  for (const columns of WIDTHS) {
    test.each(TABLES)(`on a terminal of ${columns} columns no line is wider: %s`, (command) => {
      const text = show(command, { columns }).replace(SGR, '')
      expect(text.split('\n').length).toBeGreaterThan(4)
      const options = { input: text, encoding: 'utf8', env: { LC_ALL: 'C.UTF-8' } } as const
      expect(Number(execFileSync('wc', ['-L'], options))).toBeLessThanOrEqual(columns)
    })
  }

  test('in a pipe nothing is cut', () => {
    const names = JSON.parse(spawnSync(KSIGHT, ['ps', '--json'], { encoding: 'utf8' }).stdout)
    const text = spawnSync(KSIGHT, ['ps'], {
      encoding: 'utf8',
      env: { ...process.env, COLUMNS: '20' },
    })
    expect(text.stdout).not.toContain('…')
    const longest = names.reduce((a: { comm: string }, b: { comm: string }) => {
      return b.comm.length > a.comm.length ? b : a
    })
    if (longest.kernelThread) expect(text.stdout).toContain(longest.comm.replace(/[+-].*/, ''))
  })

  test('there is colour on a terminal only, and never with NO_COLOR', () => {
    expect(show('ps')).toMatch(SGR)
    expect(show('ps --no-color')).not.toContain('\x1b')
    expect(show('ps', { environment: { NO_COLOR: '1' } })).not.toContain('\x1b')
    expect(show('ps', { environment: { TERM: 'dumb' } })).not.toContain('\x1b')
    expect(show('ps --json')).not.toContain('\x1b')
    const forced = { ...process.env, FORCE_COLOR: '1', CI: 'true' }
    const { stdout } = spawnSync(KSIGHT, ['ps'], { encoding: 'utf8', env: forced })
    expect(stdout).not.toContain('\x1b')
  })

  const ENTER = '\x1b[?1049h\x1b[?25l'
  const LEAVE = '\x1b[?25h\x1b[?1049l'

  /** Waits until what the child prints satisfies; gives all of it. */
  async function printed(
    child: ChildProcess,
    isEnough: (text: string) => boolean,
  ): Promise<string> {
    let text = ''
    for await (const chunk of child.stdout!) {
      text += chunk
      if (isEnough(text)) return text
    }
    return text
  }

  test.each(['\x03', '\x1c'])(
    '--watch leaves the terminal as it was, on the key %j',
    async (key) => {
      const args = onTerminal('count --watch 0.1', { rows: 10, columns: 40 })
      const child = spawn('script', args, {
        env: environment(),
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      let text = ''
      let isPressed = false
      child.stdout.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
        if (isPressed || text.split('\x1b[H').length < 4) return
        isPressed = true
        child.stdin.write(key)
      })
      await once(child, 'close')
      expect(text.startsWith(ENTER)).toBe(true)
      const [, after, ...more] = text.split(LEAVE)
      expect(more).toEqual([])
      expect(after).not.toContain('\x1b')
      expect(after).not.toContain('processes')
    },
  )

  test('--watch draws no more rows than the terminal has', async () => {
    const args = onTerminal('ps --watch 0.1', { rows: 10, columns: 60 })
    const child = spawn('script', args, { env: environment(), stdio: ['pipe', 'pipe', 'inherit'] })
    const text = await printed(child, (text) => text.split('\x1b[H').length > 3)
    child.stdin.write('\x03')
    const [, frame] = text.split('\x1b[H')
    expect(frame!.split('\n')).toHaveLength(10)
    expect(frame).toMatch(/… \d+ more/)
  })
})

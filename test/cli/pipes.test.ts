import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { KSIGHT } from './ksight.js'

const bash = (script: string) => {
  return spawnSync('bash', ['-c', script, KSIGHT], { encoding: 'utf8', maxBuffer: 2 ** 28 })
}

const digest = (text: string | Buffer) => createHash('sha256').update(text).digest('hex')

/** Runs a command with such a pipe as its standard output, and passes on what it writes, slowly. */
const NON_BLOCKING_PIPE = `
use Fcntl;
pipe(R, W);
fcntl(W, F_SETFL, O_NONBLOCK);
if (!fork) { open(STDOUT, '>&', W); exec @ARGV }
close W;
while (sysread(R, $piece, 4096)) { syswrite(STDOUT, $piece); select(undef, undef, undef, 0.0001) }
wait;
exit $? >> 8`

describeLive('standard output', () => {
  test.each(['ps', 'threads --json', 'task 1', 'type --header', 'type --dts', 'sym vfs_read', ''])(
    'ends quietly when its output is closed: %s',
    (command) => {
      const { stdout, stderr } = bash(
        `"$0" ${command} | head -1 >/dev/null; echo \${PIPESTATUS[0]}`,
      )
      expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' })
      const closed = bash(`"$0" ${command} | :; echo \${PIPESTATUS[0]}`)
      expect({ stdout: closed.stdout, stderr: closed.stderr }).toEqual({
        stdout: '0\n',
        stderr: '',
      })
    },
  )

  test('--watch ends quietly too', () => {
    const { stdout, stderr } = bash(`"$0" ps --watch 0.1 | head -1 >&2; echo \${PIPESTATUS[0]}`)
    expect({ stdout, stderr }).toEqual({
      stdout: '0\n',
      stderr: expect.stringMatching(/^ +TGID.*\n$/),
    })
  })

  test('nothing is lost where the reader is slow', async () => {
    const whole = spawnSync(KSIGHT, ['type', '--header'], { maxBuffer: 2 ** 28 }).stdout
    expect(whole.length).toBeGreaterThan(1_000_000)
    const child = spawn(KSIGHT, ['type', '--header'], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((resolve) => setTimeout(resolve, 500))
    const hash = createHash('sha256')
    for await (const chunk of child.stdout) hash.update(chunk)
    expect(child.exitCode ?? (await once(child, 'close'))[0]).toBe(0)
    expect(hash.digest('hex')).toBe(digest(whole))
  })

  test('nothing is lost in a pipe that does not block', () => {
    const { status, stdout } = spawnSync(
      'perl',
      ['-e', NON_BLOCKING_PIPE, KSIGHT, 'type', '--header'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        maxBuffer: 2 ** 28,
      },
    )
    const whole = spawnSync(KSIGHT, ['type', '--header'], { maxBuffer: 2 ** 28 }).stdout
    expect({ status, digest: digest(stdout) }).toEqual({ status: 0, digest: digest(whole) })
  })

  test('a full disk is told in one line', () => {
    const { status, stderr } = bash('"$0" ps > /dev/full')
    expect(status).toBe(1)
    expect(stderr).toBe('ksight: cannot write standard output: ENOSPC: no space left on device\n')
  })

  test('ends at once on Ctrl-C', async () => {
    const child = spawn(KSIGHT, ['ps', '--watch', '60', '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    const [, signal] = await once(child, 'exit')
    expect(signal).toBe('SIGINT')
    expect(child.stderr.read()).toBe(null)
  })

  test('--watch prints a line of JSON at a time', async () => {
    const child = spawn(KSIGHT, ['count', '--watch', '0.1', '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    for await (const chunk of child.stdout) {
      text += chunk
      if (text.split('\n').length > 3) break
    }
    child.kill()
    for (const line of text.split('\n').slice(0, 3)) {
      expect(Object.keys(JSON.parse(line))).toEqual([
        'processes',
        'threads',
        'kernelThreads',
        'userThreads',
      ])
    }
  })
})

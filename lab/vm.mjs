// @ts-check
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Agent } from './agent.mjs'
import { Console } from './console.mjs'
import { Follower } from './follower.mjs'
import { AGENT_FD, QMP_FD } from './qemu.mjs'
import { Qmp } from './qmp.mjs'
import { script } from './script.mjs'
import { within } from './within.mjs'

/**
 * @typedef {object} RunOptions
 * @property {number} [timeout] milliseconds, 5 minutes by default
 * @property {boolean} [show] whether the output is also written to this process's, as it comes
 *
 * @typedef {object} RunResult
 * @property {number} exitCode 128 and the signal's number if a signal ended it
 * @property {string} stdout
 * @property {string} stderr
 * @property {Buffer} stdoutBytes as written
 */

/** An emulated machine is slow, and slower still on a busy host: only what hangs takes so long. */
export const PATIENCE = 5 * 60_000

/** QEMU's, and the RAM as it is. Debian 12's QEMU was built without lzo and snappy. */
export const DUMP_FORMATS = /** @type {const} */ ([
  'elf',
  'kdump-zlib',
  'kdump-lzo',
  'kdump-snappy',
  'raw',
])

/** What people set up for their own machine can take an emulated one long, and is left out. */
const SHELL = "command -v bash >/dev/null && PS1='lab:\\w# ' exec bash --norc; exec sh"

/** A running virtual machine, in which commands run as root in this project's folder. */
export class Vm {
  #qemu
  #folder
  #agent
  #qmp
  #console
  #commands = 0

  /**
   * @param {import('node:child_process').ChildProcess} qemu
   * @param {import('./temporary_folder.mjs').TemporaryFolder} folder shared with the guest
   */
  constructor(qemu, folder) {
    this.#qemu = qemu
    this.#folder = folder
    const stdio = /** @type {any[]} */ (qemu.stdio)
    this.#agent = new Agent(stdio[AGENT_FD])
    this.#qmp = new Qmp(stdio[QMP_FD], (event) => {
      if (event === 'SHUTDOWN') this.#lose('the guest has ended')
    })
    this.#console = new Console(stdio[1])
    /** Fulfilled when the guest's kernel has panicked, and has said all about it. */
    this.panicked = this.#console.panicked
    this.panicked.then(() => this.#lose('the kernel of the guest panicked'))
    let complaint = ''
    qemu.stderr?.on('data', (text) => (complaint += `: ${text}`))
    qemu.on('error', ({ message }) => this.#lose(`QEMU cannot be started: ${message}`))
    qemu.on('close', () => this.#lose(`the guest has ended${complaint}`))
  }

  /**
   * Waits until commands can be run.
   * @param {number} timeout milliseconds
   */
  async ready(timeout) {
    await this.#qmp.execute('qmp_capabilities')
    const late = () => this.#error(`the guest did not start within ${timeout} ms`)
    await within(timeout, this.#agent.ready, late)
  }

  /**
   * Runs a command in the guest.
   * @param {string} command
   * @param {readonly string[]} [args]
   * @param {RunOptions} [options]
   * @returns {Promise<RunResult>}
   */
  async run(command, args = [], { timeout = PATIENCE, show = false } = {}) {
    const number = await this.#write(script([command, ...args]))
    const followers = show ? this.#follow(number) : []
    const ended = this.#agent.run(number)
    try {
      const exitCode = await within(timeout, ended, () => {
        return this.#late(number, `${[command, ...args].join(' ')} did not end`, timeout)
      })
      return { exitCode, ...this.#output(number) }
    } catch (error) {
      await this.#kill(number, ended)
      throw error
    } finally {
      for (const follower of followers) follower.end()
    }
  }

  /**
   * @param {number} number
   * @param {Promise<unknown>} ended
   */
  async #kill(number, ended) {
    this.#agent.send(`kill ${number}`)
    // Gone or not: a guest that does not answer any more is not waited for.
    await within(10_000, ended, () => new Error()).catch(() => {})
  }

  /**
   * Starts a command that stays, and waits until it has printed the line `ready`.
   * @param {string} command
   * @param {readonly string[]} [args]
   * @param {number} [timeout] milliseconds
   * @returns {Promise<string>} what it has printed before that line
   */
  async start(command, args = [], timeout = PATIENCE) {
    const number = await this.#write(script([command, ...args]))
    const ended = this.#agent.run(number).then((exitCode) => {
      const { stderr } = this.#output(number)
      throw new Error(`${command} ended with ${exitCode} before it was ready: ${stderr}`)
    })
    // It may well end later.
    ended.catch(() => {})
    const printed = this.#readyLines(number)
    try {
      return await within(timeout, Promise.race([ended, printed.text]), () => {
        return this.#late(number, `${[command, ...args].join(' ')} is not ready`, timeout)
      })
    } finally {
      printed.stop()
    }
  }

  /** @param {number} number */
  #readyLines(number) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer
    /** @type {Promise<string>} */
    const text = new Promise((resolve) => {
      timer = setInterval(() => {
        const [lines, end] = `\n${this.#output(number).stdout}`.split('\nready\n')
        if (end !== undefined) resolve(`${lines}\n`.slice(1))
      }, 20)
    })
    return { text, stop: () => clearInterval(timer) }
  }

  /**
   * @param {number} number
   * @param {string} what
   * @param {number} timeout
   */
  #late(number, what, timeout) {
    const { stdout, stderr } = this.#output(number)
    return this.#error(`${what} within ${timeout} ms; stdout:\n${stdout}\nstderr:\n${stderr}`)
  }

  /**
   * Runs a shell on the console, which must be this process's terminal, and gives its exit code.
   * @param {number} rows
   * @param {number} columns
   */
  async shell(rows, columns) {
    const number = await this.#write(script(['/bin/sh', '-c', SHELL]))
    return this.#agent.run(number, `shell ${number} ${rows} ${columns}`)
  }

  /**
   * @param {string} text of a script
   * @returns {Promise<number>} its number
   */
  async #write(text) {
    const number = ++this.#commands
    for (const suffix of ['out', 'err']) await writeFile(this.#file(number, suffix), '')
    await writeFile(this.#file(number, 'sh'), text)
    return number
  }

  /** @param {number} number */
  #follow(number) {
    return [
      new Follower(this.#file(number, 'out'), process.stdout),
      new Follower(this.#file(number, 'err'), process.stderr),
    ]
  }

  /** @param {number} number */
  #output(number) {
    const stdoutBytes = readFileSync(this.#file(number, 'out'))
    const stderr = readFileSync(this.#file(number, 'err'), 'utf8')
    return { stdout: stdoutBytes.toString(), stderr, stdoutBytes }
  }

  /**
   * @param {number} number
   * @param {string} suffix
   */
  #file(number, suffix) {
    return join(this.#folder.path, `${number}.${suffix}`)
  }

  /**
   * Executes a command of QEMU's machine protocol, such as `stop`, `cont` or `memsave`.
   * @param {string} command
   * @param {object} [args]
   */
  qmp(command, args) {
    return this.#qmp.execute(command, args)
  }

  /**
   * Reads memory as QEMU itself sees it, through the page tables that the first CPU uses.
   * @param {bigint} address virtual
   * @param {number} length
   */
  async readMemory(address, length) {
    const path = join(this.#folder.path, 'memory')
    // As a command of the monitor for people, which takes addresses that JSON cannot hold.
    const line = `memsave 0x${address.toString(16)} ${length} "${path}"`
    const complaint = await this.qmp('human-monitor-command', { 'command-line': line })
    if (complaint !== '') throw new Error(complaint.trim())
    return readFileSync(path)
  }

  /**
   * Writes a memory image of the guest, which stands still meanwhile.
   * @param {string} path absolute
   * @param {(typeof DUMP_FORMATS)[number]} [format]
   */
  async dump(path, format = 'elf') {
    if (format === 'raw') return this.#copyRam(path)
    await this.qmp('dump-guest-memory', { paging: false, protocol: `file:${path}`, format })
  }

  /** @param {string} path */
  async #copyRam(path) {
    const { running } = await this.qmp('query-status')
    await this.qmp('stop')
    await promisify(execFile)('cp', ['--sparse=always', this.ram, path])
    if (running) await this.qmp('cont')
  }

  /** The path of a file that is the guest's RAM as it is now, for as long as the guest runs. */
  get ram() {
    const folder = `/proc/${this.#qemu.pid}/fd`
    const fd = readdirSync(folder).find((name) => {
      return readlinkSync(join(folder, name)).startsWith('/memfd:memory-backend')
    })
    if (fd === undefined) throw new Error('QEMU has no file that is the RAM of the guest')
    return join(folder, fd)
  }

  /** What the guest's kernel printed. */
  get console() {
    return this.#console.text
  }

  /** @param {string} what */
  #lose(what) {
    this.#agent.lose(this.#error(what))
  }

  /** @param {string} what */
  #error(what) {
    return new Error(`${what}; the last lines of the console:\n${this.#console.tail}`)
  }

  async [Symbol.asyncDispose]() {
    const { exitCode, signalCode, pid } = this.#qemu
    const running = pid !== undefined && exitCode === null && signalCode === null
    const closed = running ? once(this.#qemu, 'close') : undefined
    this.#qemu.kill('SIGKILL')
    await closed
    await this.#folder.remove()
  }
}

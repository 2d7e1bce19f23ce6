import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** The project compiled into a temporary folder, so that other processes can run parts of it. */
export class CompiledProject implements Disposable {
  private readonly folder = mkdtempSync(join(tmpdir(), 'ksight-test-'))

  constructor() {
    writeFileSync(join(this.folder, 'package.json'), '{"type":"module"}')
    symlinkSync(resolve('node_modules'), join(this.folder, 'node_modules'))
    const options = ['--outDir', join(this.folder, 'dist'), '--declaration', 'false']
    execFileSync(resolve('node_modules/.bin/tsc'), ['-p', '.', ...options])
    // Others than root run it too.
    execFileSync('chmod', ['-R', 'go+rX', this.folder])
  }

  /**
   * Runs an ES module that imports from `./dist/`, perhaps behind a command that changes rights,
   * and gives what it prints. Throws what it says on stderr.
   */
  run(script: string, wrapper: readonly string[] = []): string {
    const file = join(this.folder, 'script.mjs')
    writeFileSync(file, script)
    const [command, ...args] = [...wrapper, process.execPath, '--expose-gc', file]
    const { status, signal, stdout, stderr } = spawnSync(command!, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${command} ended with ${signal ?? status}: ${stderr}`)
    return stdout.trim()
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true })
  }
}

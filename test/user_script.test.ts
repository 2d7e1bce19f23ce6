import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { Btf } from '../src/btf/btf.js'
import { printDts } from '../src/btf/dts/print_dts.js'
import { compileProgram, temporaryFolder } from './support/compile.js'

const TSC = resolve('node_modules/typescript/bin/tsc')

/** As strict as a user may have it. */
const TSCONFIG = {
  compilerOptions: {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable', 'dom'],
    module: 'nodenext',
    types: [],
    outDir: 'out',
  },
  include: ['*.ts'],
}

let declarations = ''

beforeAll(() => {
  const btf = new Btf(readFileSync('/sys/kernel/btf/vmlinux'))
  declarations = [...printDts(btf, 'this kernel')].join('')
})

/** A user's project with ksight installed, this kernel's declarations, and one script. */
function project(script: string): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(resolve('.'), join(folder, 'node_modules/ksight'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG))
  writeFileSync(join(folder, 'kernel.d.ts'), declarations)
  writeFileSync(join(folder, 'script.ts'), script)
  return folder
}

function compile(folder: string) {
  return spawnSync('node', [TSC, '-p', '.'], { cwd: folder, encoding: 'utf8' })
}

function readmeScript(): string {
  const script = /```ts\n(.*?)```/s.exec(readFileSync('README.md', 'utf8'))?.[1]
  if (script === undefined) throw new Error('README.md has no script')
  return script
}

test('the script of the README shows the kernel stack of a thread in state D', async () => {
  const parent = spawn(compileProgram('vfork_parent'), { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void parent.kill('SIGKILL'))
  const [output] = await once(parent.stdout, 'data')
  const pid = Number(output)
  while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') D ')) {
    await new Promise((wake) => setTimeout(wake, 10))
  }

  const folder = project(readmeScript())
  expect(compile(folder)).toMatchObject({ status: 0, stdout: '' })
  const shown = execFileSync('node', ['out/script.js'], { cwd: folder, encoding: 'utf8' })
  const line = shown.split('\n').find((line) => line.startsWith(`${pid} `))
  // Stacks are aligned to their size.
  expect(line).toMatch(new RegExp(`^${pid} ${pid} vfork_parent ffff[0-9a-f]{8}[048c]000$`))
  parent.stdin.end()
})

test.each([
  ['task.pidd', 'pidd'],
  ['task.mm.map_count', "'task.mm' is possibly 'null'"],
  ['task.comm.toFixed()', 'toFixed'],
  ['task.cred.euid.value', 'value'],
  ["kernel.at('task_struct', 0n).nothing", 'nothing'],
])('a script with %s does not compile', (expression, complaint) => {
  const folder = project(`
    import { openKernel } from 'ksight'
    using kernel = openKernel()
    for (const task of kernel.forEachProcess()) console.log(task.pid, ${expression})
  `)
  const { status, stdout } = compile(folder)
  expect(status).not.toBe(0)
  expect(stdout).toContain(complaint)
})

test('a script may follow members, and call the helpers', () => {
  const folder = project(`
    import { forEachProcess, openKernel, perCpu, taskStateToChar, type View } from 'ksight'
    using kernel = openKernel()
    for (const task of kernel.forEachProcess()) {
      const euid: number = task.cred.euid.val
      const count: number | undefined = task.mm?.map_count
      const runtime: bigint = task.se.sum_exec_runtime
      const parent: string = task.real_parent.comm
      const view: View = task
      console.log(euid, count, runtime, parent, view.$address, taskStateToChar(task))
    }
    console.log(perCpu(kernel, 'runqueues', 0), [...forEachProcess(kernel)].length)
  `)
  expect(compile(folder)).toMatchObject({ status: 0, stdout: '' })
})

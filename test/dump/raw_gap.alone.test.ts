import { join } from 'node:path'
import { expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import { openImage } from '../../src/files/open_image.js'
import { listTasks } from '../../src/kernel/task_summary.js'
import { temporaryFolder } from '../support/compile.js'
import { describeLab } from '../support/lab.js'

describeLab('a raw image of a machine with more RAM than fits below its devices', () => {
  test('is read with the gap that its kernel knows', { timeout: 600_000 }, async () => {
    const path = join(temporaryFolder(), 'raw')
    await using vm = await boot({ kernel: '6.12', memory: '4500M' })
    const list = async () => {
      const { stdout } = await vm.run('ps', ['-eLo', 'tid='])
      return stdout.trim().split(/\s+/).map(Number)
    }
    // What runs ps is another process each time.
    const before = new Set(await list())
    const shown = (await list()).filter((pid) => before.has(pid))
    await vm.qmp('stop')
    await vm.dump(path, 'raw')
    using kernel = openImage([path])
    const pids = new Set(listTasks(kernel, 'threads').map(({ pid }) => pid))
    expect(shown.length).toBeGreaterThan(40)
    expect(shown.filter((pid) => !pids.has(pid))).toEqual([])
    // Page tables and tasks lie above 4 GiB, where an offset in the file is no physical address.
    const task = kernel.initTask.tasks.next.$address
    expect(task - kernel.pageOffset).toBeGreaterThan(1n << 32n)
  })
})

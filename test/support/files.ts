import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UntypedView } from '../../src/object/kernel_types.js'

/** An empty directory, removed with all that is in it when this is disposed of. */
export class ScratchDirectory implements Disposable {
  readonly path: string

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'ksight-test-'))
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** `files_lookup_fd()`: an open file of a task, or null. */
export function fileOf(task: UntypedView, fd: number): UntypedView | null {
  const table = task.files?.fdt
  return table && fd < table.max_fds ? table.fd.$at(fd) : null
}

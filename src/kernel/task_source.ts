import type { Columns } from './columns.js'

/** What of the tasks is wanted. */
export type TaskScope = 'processes' | 'threads'

/** A way to find all tasks of a kernel. */
export interface TaskSource {
  /** Records of all tasks, or of the thread group leaders only; see {@link Columns}. */
  records(columns: Columns, scope: TaskScope): Uint8Array
}

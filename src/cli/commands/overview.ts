import type { GlobalOptions } from '../options.js'
export async function overview(_options: GlobalOptions): Promise<void> {}

const TASK_REPORT = 0x7f
const TASK_NOLOAD_UNINTERRUPTIBLE = 0x402
/** `task_state_to_char`, from the members' values. */
export function stateChar(state: number, exitState: number): string {
  if ((state & TASK_NOLOAD_UNINTERRUPTIBLE) === TASK_NOLOAD_UNINTERRUPTIBLE) return 'I'
  const bits = (state | exitState) & TASK_REPORT
  return 'RSDTtXZP'[bits === 0 ? 0 : 32 - Math.clz32(bits)] ?? '?'
}

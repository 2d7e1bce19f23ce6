import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Collects what does not agree. Processes change all the time: a value agrees if the other tool
 * said the same before or after.
 */
export class Disagreements {
  readonly found: string[] = []

  constructor(private readonly what: string) {}

  /** `seen` must equal what the other tool said before or after. */
  same(name: string, seen: unknown, before: unknown, after: unknown): void {
    const text = canonical(seen)
    if (text === canonical(before) || text === canonical(after)) return
    this.add(name, text, canonical(before), canonical(after))
  }

  /** `seen`, which only ever grows, must lie between what the other tool said before and after. */
  between(
    name: string,
    seen: number | bigint,
    before: number | bigint,
    after: number | bigint,
  ): void {
    if (seen >= before && seen <= after) return
    this.add(name, String(seen), String(before), String(after))
  }

  private add(name: string, seen: string, before: string, after: string): void {
    this.found.push(`${this.what} ${name}: ${seen}, but ${before} before and ${after} after`)
  }
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? part.toString() : part))
}

/**
 * Looks until everything agrees, at most `tries` times, and gives what did not agree the last time.
 * What flickers (a thread that wakes and sleeps between two looks) agrees sooner or later.
 */
export async function agreeing(
  tries: number,
  look: () => readonly string[],
): Promise<readonly string[]> {
  for (let left = tries; ; left--) {
    const found = look()
    if (found.length === 0 || left <= 1) return found
    await sleep(1 + Math.random() * 5)
  }
}

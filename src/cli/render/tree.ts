/** An item of a tree, and the lines that are drawn before it. */
export interface Branch<Item> {
  readonly item: Item
  readonly lines: string
}

/** Deeper levels are drawn no further to the right; a chain may be as long as there are pids. */
const DEEPEST = 32

/**
 * Items in the order of a drawn tree, each below its parent. Those whose parent is not among them
 * are roots, and so is, as nothing may be left out, the first of any that are each other's parents.
 */
export function tree<Item>(
  items: readonly Item[],
  key: (item: Item) => number,
  parent: (item: Item) => number,
): Branch<Item>[] {
  const present = new Set(items.map(key))
  const children = new Map<number, Item[]>()
  const roots: Item[] = []
  for (const item of items) {
    const above = parent(item)
    if (!present.has(above) || above === key(item)) roots.push(item)
    else (children.get(above) ?? setDefault(children, above)).push(item)
  }
  const drawn = new Map<Item, Branch<Item>>()
  for (const root of [...roots, ...items])
    draw(root, drawn, (item) => children.get(key(item)) ?? [])
  return [...drawn.values()]
}

function setDefault<Item>(children: Map<number, Item[]>, key: number): Item[] {
  const list: Item[] = []
  children.set(key, list)
  return list
}

interface Pending<Item> extends Branch<Item> {
  /** What the lines of its children start with. */
  readonly below: string
  readonly depth: number
}

/** Without recursion, as a chain may be longer than the stack of calls. */
function draw<Item>(
  root: Item,
  drawn: Map<Item, Branch<Item>>,
  childrenOf: (item: Item) => readonly Item[],
): void {
  const pending: Pending<Item>[] = [{ item: root, lines: '', below: '', depth: 0 }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (drawn.has(next.item)) continue
    drawn.set(next.item, next)
    const children = childrenOf(next.item)
    for (let i = children.length - 1; i >= 0; i--) {
      pending.push(child(children[i]!, next, i === children.length - 1))
    }
  }
}

function child<Item>(item: Item, above: Pending<Item>, last: boolean): Pending<Item> {
  const depth = above.depth + 1
  if (depth > DEEPEST) return { item, lines: `${above.below}…`, below: above.below, depth }
  const lines = above.below + (last ? '└─' : '├─')
  return { item, lines, below: above.below + (last ? '  ' : '│ '), depth }
}

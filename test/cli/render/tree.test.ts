import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tree } from '../../../src/cli/render/tree.js'

interface Node {
  readonly id: number
  readonly parent: number
}

const drawn = (nodes: readonly Node[]) => {
  return tree(
    nodes,
    ({ id }) => id,
    ({ parent }) => parent,
  ).map(({ item, lines }) => `${lines}${item.id}`)
}

test('each stands below its parent', () => {
  const nodes = [
    { id: 1, parent: 0 },
    { id: 2, parent: 0 },
    { id: 3, parent: 1 },
    { id: 4, parent: 3 },
    { id: 5, parent: 1 },
    { id: 6, parent: 5 },
  ]
  expect(drawn(nodes)).toEqual(['1', '├─3', '│ └─4', '└─5', '  └─6', '2'])
})

test('every item is drawn once, whoever is whose parent', () => {
  const parents = fc.array(fc.integer({ min: -1, max: 30 }), { maxLength: 30 })
  fc.assert(
    fc.property(parents, (parents) => {
      const nodes = parents.map((parent, id) => ({ id, parent }))
      const ids = tree(
        nodes,
        ({ id }) => id,
        ({ parent }) => parent,
      ).map(({ item }) => item.id)
      expect(ids.sort((a, b) => a - b)).toEqual(nodes.map(({ id }) => id))
    }),
  )
})

test('a chain of any length takes little room', () => {
  const chain = Array.from({ length: 50_000 }, (_, id) => ({ id, parent: id - 1 }))
  const lines = drawn(chain)
  expect(lines).toHaveLength(chain.length)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(100)
})

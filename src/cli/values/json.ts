import { addressIn, type Showing } from './shown.js'
import type { Value } from './value.js'

/**
 * A value as JSON: structs and unions as objects, with the members of anonymous ones among their
 * own as in C, enums by name, addresses as strings.
 */
export function valueAsJson(value: Value, showing: Showing): unknown {
  const address = addressIn(value)
  if (address !== undefined) return showing.pointer(address)
  switch (value.kind) {
    case 'number':
    case 'bool':
      return value.value
    case 'enum':
      return value.name ?? value.value
    case 'string':
      return value.text
    case 'members':
      return membersAsJson(value, showing)
    case 'elements':
      return Array.from({ length: value.length }, (_, i) => valueAsJson(value.at(i), showing))
    default:
      return null
  }
}

function membersAsJson(
  { members }: Extract<Value, { kind: 'members' }>,
  showing: Showing,
): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const { name, value } of members) {
    if (name !== '') object[name] = valueAsJson(value, showing)
    // Of two anonymous members that bear the same name, the first counts, as in a debugger.
    else if (value.kind === 'members') {
      for (const [inner, shown] of Object.entries(membersAsJson(value, showing))) {
        if (!Object.hasOwn(object, inner)) object[inner] = shown
      }
    }
  }
  return object
}

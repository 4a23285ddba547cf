/** What the pages use of SortableJS. */
export interface SortableEvent {
  readonly item: HTMLElement
  readonly oldIndex?: number
  readonly newIndex?: number
}
export default class Sortable {
  constructor(
    list: HTMLElement,
    options: {
      readonly handle: string
      readonly draggable: string
      readonly forceFallback: boolean
      readonly fallbackTolerance: number
      readonly ghostClass: string
      readonly onEnd: (event: SortableEvent) => void
    },
  )
  destroy(): void
}

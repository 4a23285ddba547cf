/** What the pages use of the libraries, and of the plugin's own code, that the build puts into `main.js`. */

/** `text/visible.ts`. */
declare module 'enforce-tls/visible' {
  export function visible(text: string): string
}

/** `report/failure-names.ts`. */
declare module 'enforce-tls/failure-names' {
  export const FAILURE_NAMES: Readonly<Record<string, string>>
}

/** htm's bundle of preact, its hooks and the `html` tag. */
declare module 'htm/preact/standalone' {
  export interface VNode {
    readonly type: unknown
    readonly props: object
  }
  export type Child = VNode | string | number | false | null | undefined | readonly Child[]
  export interface Ref<T> {
    current: T
  }
  export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): VNode
  export function render(tree: VNode, parent: Element): void
  export function useState<T>(initial: T | (() => T)): [T, (next: T | ((before: T) => T)) => void]
  export function useEffect(effect: () => unknown, inputs?: readonly unknown[]): void
  export function useLayoutEffect(effect: () => unknown, inputs?: readonly unknown[]): void
  export function useRef<T>(initial: T): Ref<T>
}

declare module 'sortablejs' {
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
}

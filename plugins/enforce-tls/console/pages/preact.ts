/** The one place that names where preact comes from. */
export {
  html,
  render,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from './assets/vendor/standalone.module.js'
export type { Child, Ref, VNode } from './assets/vendor/standalone.module.js'

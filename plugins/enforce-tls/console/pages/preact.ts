/** The one place that names where preact comes from. */
export { html, render, useEffect, useLayoutEffect, useRef, useState } from 'htm/preact/standalone'
export type { Child, Ref, VNode } from 'htm/preact/standalone'

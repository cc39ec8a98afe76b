import { type RefObject, useEffect, useLayoutEffect, useRef } from "react";

// On a server there is no layout, and React warns of its effect.
const useCommitted = typeof window === "undefined" ? useEffect : useLayoutEffect;

/** What was given to the last rendering that is on the screen. */
export function useLatest<T>(value: T): RefObject<T> {
  const ref = useRef(value);
  useCommitted(() => {
    ref.current = value;
  });
  return ref;
}

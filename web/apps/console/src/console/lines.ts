// What a line through values leaves out.

/** Values without one beside them: a line has nothing to draw there. */
export function alone(values: ArrayLike<number | null | undefined>): number[] {
  const is = (n: number) => values[n] !== null && values[n] !== undefined;
  return Array.from({ length: values.length }, (_, n) => n).filter((n) => is(n) && !is(n - 1) && !is(n + 1));
}

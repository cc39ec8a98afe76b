import { useTitle } from "../router.js";

export function ReferencePage() {
  useTitle("Reference");
  return (
    <div className="page">
      <h1>Reference</h1>
    </div>
  );
}

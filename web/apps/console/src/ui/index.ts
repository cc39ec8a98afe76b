export { Badge } from "./badge.js";
export { Button } from "./button.js";
export { CopyButton } from "./copy.js";
export { Checkbox, Field, Select, TextArea } from "./field.js";
export { Json } from "./json.js";
export { Panel } from "./panel.js";
export { Empty, ErrorState, Loading, Offline } from "./states.js";
export { Table, type Column } from "./table.js";
export { Tabs, type Tab } from "./tabs.js";

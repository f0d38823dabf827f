"""What of a change breaks those who were built before, and what only adds."""
import re

# A struct grows at its end only where its size is told: by a member `size`, or by a member of another.
SIZE_TOLD_BY = {"confab_option": "confab_plugin.option_size"}


def numbers(what):
    return [int(number) for number in re.findall(r"(?:offset|size|align) (\d+)", what)]


def struct_grows(abi, name):
    return f"struct {name}.size" in abi or (name in SIZE_TOLD_BY and "struct " + SIZE_TOLD_BY[name] in abi)


def breaks_by_growth(old, new, key):
    """A struct of another size: None where members were appended, and that is allowed."""
    name = key.split(" ", 1)[1]
    (old_size, old_align), (size, align) = numbers(old[key]), numbers(new[key])
    if align != old_align:
        return f"{key}: was {old[key]}, is {new[key]}"
    if not struct_grows(old, name):
        return f"{key}: grew, and nobody tells which size it has: was {old[key]}, is {new[key]}"
    if size < old_size:
        return f"{key}: has shrunk: was {old[key]}, is {new[key]}"
    return None


def breaks_by_addition(old, new, key):
    """What is new: None where it stands at an end."""
    kind, name = key.split(" ", 1)
    outer = name.split(".")[0]
    if "." not in name or f"{kind} {outer}" not in old:
        return None
    if kind == "struct":
        end = numbers(old[f"struct {outer}"])[0]
        if numbers(new[key])[0] < end:
            return f"{key}: added at {new[key].split(':')[0]}, before the end of what was there (size {end})"
    if kind == "enum":
        last = max(int(what) for word, what in old.items() if word.startswith(f"enum {outer}."))
        if int(new[key]) <= last:
            return f"{key}: added with value {new[key]}, not behind the last of what was there ({last})"
    return None


def compare(old, new):
    """Two lists: what breaks, what was added."""
    broken, added = [], []
    for key, what in old.items():
        if key not in new:
            broken.append(f"{key}: is gone (was {what})")
        elif new[key] != what and key not in ("constant CONFAB_ABI_MAJOR", "constant CONFAB_ABI_MINOR"):
            if re.match(r"struct \w+$", key):
                reason = breaks_by_growth(old, new, key)
                (broken if reason else added).append(reason or f"{key}: was {what}, is {new[key]}")
            else:
                broken.append(f"{key}: was {what}, is {new[key]}")
    for key in new:
        if key not in old:
            reason = breaks_by_addition(old, new, key)
            (broken if reason else added).append(reason or f"{key}: {new[key]}")
    return broken, added


def version_of(abi):
    return int(abi["constant CONFAB_ABI_MAJOR"]), int(abi["constant CONFAB_ABI_MINOR"])

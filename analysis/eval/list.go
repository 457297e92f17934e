package eval

import "slices"

// Elements gives the elements when all are known.
func (l *List) Elements() ([]*Thunk, bool) {
	elements := make([]*Thunk, len(l.Items))
	for i, item := range l.Items {
		if item.Rest != nil {
			return nil, false
		}
		elements[i] = item.Value
	}
	return elements, true
}

func newList(at Origin, elements []*Thunk) *List {
	l := &List{made: made{at}, Items: make([]Item, len(elements))}
	for i, t := range elements {
		l.Items[i].Value = t
	}
	return l
}

// itemsOf gives the items of a value that must be a list.
func (e *Evaluator) itemsOf(at Origin, v Value) ([]Item, *Error) {
	switch v := v.(type) {
	case *List:
		return v.Items, nil
	case *Opaque, *Unknown:
		return []Item{{Rest: v}}, nil
	case *Choice:
		lists := e.each(at, v, func(v Value) Value {
			switch v.(type) {
			case *List, *Opaque:
				return v
			}
			return e.mismatch(at, v, "a list")
		})
		if _, ok := lists.(*Choice); ok {
			return []Item{{Rest: lists}}, nil
		}
		return e.itemsOf(at, lists)
	case *Error:
		return nil, v
	}
	return nil, e.mismatch(at, v, "a list")
}

// concat joins lists.
func (e *Evaluator) concat(at Origin, n int, list func(i int) Value) Value {
	var items []Item
	for i := range n {
		more, err := e.itemsOf(at, list(i))
		if err != nil {
			return err
		}
		e.spend(len(more) / copyStep)
		if len(items)+len(more) > maxElements {
			return e.unknown(at, "the list is too long")
		}
		if items == nil {
			items = slices.Clip(more)
		} else {
			items = append(items, more...)
		}
	}
	return &List{made: made{at}, Items: items}
}

// elements calls f with the elements of a list of which all are known: with those of each possible list when there are several.
func (e *Evaluator) elements(at Origin, v Value, f func([]*Thunk) Value) Value {
	return e.each(at, v, func(v Value) Value {
		switch v := v.(type) {
		case *List:
			return e.elementsFrom(at, nil, v.Items, f)
		case *Opaque:
			return e.dependsOn(at, v)
		}
		return e.mismatch(at, v, "a list")
	})
}

func (e *Evaluator) elementsFrom(at Origin, before []*Thunk, items []Item, f func([]*Thunk) Value) Value {
	before = slices.Clip(before)
	if !e.spend(1 + len(items)/copyStep) {
		return e.unknown(at, "evaluation takes too many steps")
	}
	combinations := 1
	for _, item := range items {
		if choice, ok := item.Rest.(*Choice); ok {
			if combinations *= len(choice.Of); combinations > maxAlternatives {
				return e.notKnown(at, choice)
			}
		}
	}
	for i, item := range items {
		if item.Rest == nil {
			before = append(before, item.Value)
			continue
		}
		return e.each(at, item.Rest, func(v Value) Value {
			switch v := v.(type) {
			case *List:
				return e.elementsFrom(at, before, append(slices.Clone(v.Items), items[i+1:]...), f)
			case *Opaque:
				return e.dependsOn(at, v)
			}
			return e.mismatch(at, v, "a list")
		})
	}
	return f(before)
}

// mapItems applies f to every item of a list, also of those in parts that are one of several.
func (e *Evaluator) mapItems(at Origin, v Value, f func(*Thunk) Item) Value {
	return e.each(at, v, func(v Value) Value {
		switch v := v.(type) {
		case *List:
			e.spend(len(v.Items))
			items := make([]Item, 0, len(v.Items))
			for _, item := range v.Items {
				if item.Rest == nil {
					item = f(item.Value)
					switch rest := item.Rest.(type) {
					case *List:
						items = append(items, rest.Items...)
						continue
					case *Error:
						return rest
					}
					items = append(items, item)
					continue
				}
				rest := e.mapItems(at, item.Rest, f)
				switch rest := rest.(type) {
				case *Error:
					return rest
				case *List:
					items = append(items, rest.Items...)
				default:
					items = append(items, Item{Rest: rest})
				}
			}
			return &List{made: made{at}, Items: items}
		case *Opaque:
			return e.dependsOn(at, v)
		}
		return e.mismatch(at, v, "a list")
	})
}

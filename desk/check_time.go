package desk

import (
	"context"
	"time"

	"ucal/flow"
)

// CheckTime decides a Date & Time step at the present moment: ArmSuccess inside
// its hours or days, ArmFailure outside.
func (d *Desk) CheckTime(ctx context.Context, call flow.Call, ct flow.CheckTime) (flow.Result, error) {
	return d.effect(ctx, call, "check_time", false, func(e *doing) (flow.Result, error) {
		res := flow.Result{Outcome: flow.Done, Arm: flow.ArmFailure}
		ws, err := e.workspace()
		if err != nil {
			return res, err
		}
		zone := ws.Zone()
		if ct.Timezone != "" {
			named, err := flow.LoadZone(ct.Timezone)
			if err != nil { // it existed when the step was saved: another machine has an older list of zones
				res.Warnings = append(res.Warnings, "datetime.timezone.unknown")
			} else {
				zone = named
			}
		}
		now := timeOf(e.at)
		if ct.Inside(now, zone) {
			res.Arm = flow.ArmSuccess
		}
		e.detail["timezone"], e.detail["localTime"] = zone.String(), now.In(zone).Format(time.DateTime)
		return res, nil
	})
}
